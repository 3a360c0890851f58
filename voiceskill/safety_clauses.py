"""Splits an utterance into clauses: runs of words that one denial or one time can govern.

Pure. A clause begins at a subject ("my", "it", "I"), at a conjunction or question word, and after
a time such as "years ago".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from voiceskill.content.red_flag_terms import BREAK


def word_set(words: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(words.split())


NEGATORS = word_set(
    "no not without neither nor never none don't doesn't didn't isn't aren't wasn't weren't "
    "haven't hasn't hadn't nothing"
)
CANNOT = word_set("can't couldn't won't wouldn't shouldn't")
"""Negate only what comes after a verb of seeing: "I can't see any swelling"."""
NEGATIONS = NEGATORS | CANNOT
"""Words that deny; no phrase of ``red_flags.toml`` reaches across one."""
WHETHER = word_set("if whether")
SUBJECTS = word_set("i he she we they it there")
_INVERTING = WHETHER | word_set(
    "do does did am is are was can could should would will have has when"
)
"""Words after which a subject belongs to the clause begun: "should I", "do they", "if it"."""
_QUESTIONS = word_set("what how why where when who which")
OWNERS = word_set("my his her your our their one both")
_PREPOSITIONS = word_set(
    "in on of to at from with under round around up down below between behind inside for off near "
    "by into about across through over"
)
_TAKING = word_set(
    "make makes making give gives giving cause causes causing feel move lift stretch rub hold bend "
    "tore broke hurt sprained pulled banged hit cut twisted injured knocked lost wet had have with "
    "test tested check checked take taking took"
)
"""Verbs before "my" that take it as their object, so that no clause begins there."""
_MOVING = word_set("gone went going come calm sit sat lie lying sitting slow settled")
_AWAY = word_set("down up off in round")
"""With a verb of moving these end a sentence ("it has gone down") more often than not."""
_CONJUNCTIONS = word_set(
    "but because cos cause however although though yet now then also plus only just when while "
    "unless except until since"
)
PAST_TIMES = (
    ("years", "ago"), ("year", "ago"), ("last", "year"), ("as", "a", "child"), ("as", "a", "kid"),
    ("in", "the", "past"), ("at", "school"), ("decades", "ago"), ("years", "back"),
)  # fmt: skip
_CLAUSE_QUESTIONS = word_set("what why how when where which does should")
_CHILDHOOD = word_set("child kid young younger little boy girl teenager school twenties small")


@dataclass(frozen=True, slots=True)
class Clause:
    """A run of tokens that one denial can govern."""

    start: int
    end: int


def clauses_of(tokens: Sequence[str]) -> tuple[Clause, ...]:
    """Return the clauses of an utterance, in order and without gaps."""
    starts = [i for i in range(1, len(tokens)) if _begins_clause(tokens, i)]
    edges = [0, *starts, len(tokens)]
    return tuple(Clause(a, b) for a, b in itertools.pairwise(edges) if a < b)


def _begins_clause(tokens: Sequence[str], position: int) -> bool:
    word, before = tokens[position], tokens[position - 1]
    if before == BREAK or _ends_past(tokens, position):
        return True
    if word in _CONJUNCTIONS:
        return before not in ("not", "nothing", "is", "it")
    if before in _CONJUNCTIONS and word in (SUBJECTS | OWNERS):
        return False
    if word in OWNERS:
        gone_down = position > 1 and tokens[position - 2] in _MOVING and before in _AWAY
        return gone_down or before not in (_PREPOSITIONS | _TAKING | WHETHER)
    after = tokens[position + 1] if position + 1 < len(tokens) else ""
    if word in ("is", "was"):
        return after in ("that", "this", "it") and before not in _QUESTIONS
    if word == "there":
        return after in ("is", "are", "was", "were", "isn't", "aren't")
    if word in _CLAUSE_QUESTIONS or word in ("can", "could"):
        return before not in (*NEGATORS, "know", "sure") and (
            word in _CLAUSE_QUESTIONS or after in ("a", "cramp", "cramps", "i", "you", "it", "low")
        )
    if word in SUBJECTS:
        return not _opens_past(tokens, position) and before not in _INVERTING
    return False


def _ends_past(tokens: Sequence[str], position: int) -> bool:
    """Return whether a time such as "years ago" ends here, unless it began the clause."""
    before = tuple(tokens[:position])
    if before[-1] in _CHILDHOOD and "when" in before[-6:]:
        return True
    return len(before) > 3 and any(
        len(marker) > 1 and before[-len(marker) :] == marker for marker in PAST_TIMES
    )


def _opens_past(tokens: Sequence[str], position: int) -> bool:
    """Return whether everything before is a time such as "last year"."""
    return tuple(tokens[:position]) in {("last", "year"), ("years", "ago"), ("a", "year", "ago")}
