"""How much each thing a sentence says counts for or against a phrase.

Chosen on the development halves of the sets in tests/utterances, by coordinate search over the
weighted cost of ``voiceskill.calibrate``; the scale is that of a natural logarithm.
"""

from __future__ import annotations

import math

from voiceskill.match_lexicon import QUESTION_WORDS, is_chatter, is_light

OUT_OF_DOMAIN_WEIGHT = 3.5
"""Weight of a content word no phrase has, and the most that any word weighs; about that of a word
used by two intents of ninety."""

UNKNOWN_WEIGHT = 1.5
"""Weight of one ``<unk>``: half of them turn out to be grammar."""

CHATTER_WEIGHT = 0.25
CHATTER_CEILING = 0.6
"""Most an everyday word weighs, however few phrases have it."""

LIGHT_WEIGHT = 0.15
UNASKED_WEIGHT = 1.5
"""Weight of a slot value no phrase asks for, when phrases ask for others of that slot."""

LEAST_WEIGHT = 0.25
"""Weight of what every intent has, such as the complaint itself."""

QUESTION_WEIGHT = 1.2
"""Least weight of a question word: "why" and "how" ask different things however common."""

BARE_STRANGENESS = 2.0
"""How much more a word no phrase has weighs in a sentence that never speaks of cramp."""

MISSING_COMPLAINT_WEIGHT = 1.5
"""Weight of the complaint where the phrase has it and the sentence has not: "hands up" is no
"hand cramp"."""

ASIDE_SHARE = 0.4
"""What a unit outside the clause being scored still counts, if the sentence speaks of cramp."""

STRANGE_ASIDE_SHARE = 0.5
"""The same for a word no phrase has: it may well be what the sentence is about."""


def rarity(intents: int, used: float) -> float:
    """Return the weight of what ``used`` of all ``intents`` say.

    Robertson and Sparck Jones' inverse document frequency, log((N + 1) / (n + 1/2)), with intents
    as documents, kept within ``LEAST_WEIGHT`` and ``OUT_OF_DOMAIN_WEIGHT``.
    """
    weight = math.log((intents + 1) / (used + 0.5))
    return min(OUT_OF_DOMAIN_WEIGHT, max(LEAST_WEIGHT, weight))


def word_weight(word: str, intents: int, used: float | None) -> float:
    """Return the weight of a stem or concept; ``used`` is None when no intent says it."""
    if is_light(word):
        return LIGHT_WEIGHT
    if used is None:
        return CHATTER_WEIGHT if is_chatter(word) else OUT_OF_DOMAIN_WEIGHT
    weight = rarity(intents, used)
    if word in QUESTION_WORDS:
        return max(QUESTION_WEIGHT, weight)
    return min(CHATTER_CEILING, weight) if is_chatter(word) else weight
