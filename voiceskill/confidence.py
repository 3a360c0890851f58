"""Hypotheses with scores become a transcript with a confidence for every word.

Vosk gives either alternatives or word confidences, never both from one pass. The confidences it
would give are lattice posteriors, and those can be had from the scores of enough hypotheses: a
word's confidence is the probability of all hypotheses that have the same word at the same time
(Wessel, Schlüter, Macherey and Ney, "Confidence measures for large vocabulary continuous speech
recognition", IEEE TSAP 9(3), 2001; here over an n-best list, acoustic scale 1 as decoded).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from voiceskill.events import Alternative, Transcript, Word
from voiceskill.recognise_protocol import HeardWord, Hypothesis

MOST_ALTERNATIVES = 10
"""Hypotheses handed on; all of them count towards the confidences."""


def transcript(hypotheses: Sequence[Hypothesis]) -> Transcript:
    """Return the likeliest hypothesis as a transcript, the others as its alternatives."""
    ranked = sorted(hypotheses, key=lambda each: each.log_likelihood, reverse=True)
    if not ranked:
        return Transcript("", alternatives=(Alternative("", 0.0),))
    best = ranked[0]
    return Transcript(
        text=best.text,
        words=tuple(
            Word(word.text, word.start_seconds, word.end_seconds, min(1.0, sure))
            for word, sure in zip(best.words, _confidences(ranked), strict=True)
        ),
        alternatives=tuple(
            Alternative(each.text, each.log_likelihood) for each in _distinct(ranked)
        ),
    )


def _distinct(ranked: Sequence[Hypothesis]) -> list[Hypothesis]:
    seen: dict[str, Hypothesis] = {}
    for each in ranked:
        seen.setdefault(each.text, each)
    return list(seen.values())[:MOST_ALTERNATIVES]


def _confidences(ranked: Sequence[Hypothesis]) -> list[float]:
    best = ranked[0]
    weights = [math.exp(each.log_likelihood - best.log_likelihood) for each in ranked]
    total = sum(weights)
    sure = [0.0] * len(best.words)
    for each, weight in zip(ranked, weights, strict=True):
        for index in _shared(best.words, each.words):
            sure[index] += weight / total
    return sure


def _shared(best: Sequence[HeardWord], other: Sequence[HeardWord]) -> list[int]:
    """Return which words of ``best`` are also in ``other`` at an overlapping time.

    Both are in order of time, and each word of ``other`` vouches for one word only.
    """
    found = []
    position = 0
    for index, word in enumerate(best):
        for there in range(position, len(other)):
            if other[there].start_seconds >= word.end_seconds:
                break
            if other[there].text == word.text and other[there].end_seconds > word.start_seconds:
                found.append(index)
                position = there + 1
                break
    return found
