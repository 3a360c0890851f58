"""Finds the terms of ``red_flags.toml`` in an utterance. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from voiceskill.content.red_flag_terms import BREAK, STEM_LETTERS, TermIndex, Words, matches, tokens
from voiceskill.content.red_flags import Pattern, RedFlagTable
from voiceskill.safety_clauses import NEGATIONS
from voiceskill.safety_durations import durations
from voiceskill.safety_scope import FREE, Scope, Standing, scope

PHRASE_GAP = 3
"""Words that may stand between two words of a phrase, besides those that never matter."""

_MOST_CHOICES = 256
"""Combinations of places tried for one pattern; an utterance of a few clauses has far fewer."""

Places = Mapping[str, tuple[frozenset[int], ...]]
"""Terms that were heard, and the positions of their words each time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A danger sign found in one hypothesis."""

    pattern: Pattern
    doubt: bool
    evidence: str


def findings(utterance: str, table: RedFlagTable) -> list[Finding]:
    """Return every danger sign said in ``utterance``, denied and past ones left out."""
    words = tokens(utterance)
    places = _places(words, table.index, PHRASE_GAP)
    exceptions = _places(words, table.exceptions, 0)
    reach = scope(words, _symptoms(words, places))
    found = (_finding(p, words, places, exceptions, reach) for p in table.patterns)
    return [finding for finding in found if finding is not None]


def _places(words: Words, index: TermIndex, gap: int) -> Places:
    places: dict[str, dict[frozenset[int], None]] = {}
    for position, word in enumerate(words):
        stems = index.stems.get(word[:STEM_LETTERS], ())
        for phrase in itertools.chain(index.exact.get(word, ()), stems):
            place = _follow(words, position, phrase.words, gap)
            if place is not None:
                for term in phrase.terms:
                    places.setdefault(term, {})[place] = None
    for span in durations(words):
        for limit, term in index.over_minutes:
            if span.minutes > limit:
                places.setdefault(term, {})[frozenset(range(span.start, span.end))] = None
    return {term: tuple(found) for term, found in places.items()}


def _symptoms(words: Words, places: Places) -> frozenset[int]:
    """Return the positions of denials that are themselves a symptom, such as "no feeling"."""
    tight = (sorted(place) for found in places.values() for place in found if len(place) > 1)
    return frozenset(
        here
        for place in tight
        for here, following in itertools.pairwise(place)
        if words[here] in NEGATIONS and all(w in FREE for w in words[here + 1 : following])
    )


def _follow(words: Words, start: int, phrase: Words, gap: int) -> frozenset[int] | None:
    """Return the positions of a phrase whose first word is at ``start``, or None.

    Neither a denial nor the end of a sentence may stand between its words.
    """
    if not matches(words[start], phrase[0]):
        return None
    positions = [start]
    for wanted in phrase[1:]:
        position = positions[-1] + 1
        skipped = 0
        while position < len(words) and not matches(words[position], wanted):
            word = words[position]
            if word == BREAK or word in NEGATIONS:
                return None
            skipped += word not in FREE
            if skipped > gap:
                return None
            position += 1
        if position >= len(words):
            return None
        positions.append(position)
    return frozenset(positions)


def _finding(
    pattern: Pattern, words: Words, places: Places, exceptions: Places, reach: Scope
) -> Finding | None:
    """Return the surest way a pattern is said, or None when it is not, or only denied."""
    if any(term not in places for term in pattern.terms):
        return None
    choices = itertools.product(*(places[term] for term in pattern.terms))
    best: Finding | None = None
    for choice in itertools.islice(choices, _MOST_CHOICES):
        evidence = frozenset[int]().union(*choice)
        standing = reach.standing(evidence)
        if standing is Standing.DENIED or _excluded(pattern, evidence, exceptions, reach):
            continue
        doubt = pattern.doubt or standing is Standing.DOUBTED
        if best is None or (best.doubt and not doubt):
            best = Finding(pattern, doubt, " ".join(words[i] for i in sorted(evidence)))
        if not best.doubt:
            break
    return best


def _excluded(pattern: Pattern, evidence: frozenset[int], exceptions: Places, reach: Scope) -> bool:
    if pattern.unless is None or pattern.unless not in exceptions:
        return False
    near = reach.near(evidence)
    return any(
        place <= near and not (len(place) == 1 and place <= evidence)
        for place in exceptions[pattern.unless]
    )
