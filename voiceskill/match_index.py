"""The phrase table as the matcher searches it: weighted units, posting lists, fuzzy spelling.

The score of a phrase, 0 to 100, is a weighted mean of two similarities. One counts the units that
the sentence and the phrase share, each weighted by how few intents use it (inverse document
frequency over intents), so that "chest" or "weather" costs far more than "the". The other is
rapidfuzz's ``ratio`` over the reduced sentences, in order and sorted, which sees word order and
near-misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from voiceskill.content.catalogue import Constraint
from voiceskill.match_lexicon import COMPLAINT
from voiceskill.match_slots import Unit, Value
from voiceskill.match_table import NEGATIVE, Row, spelled
from voiceskill.match_weights import (
    ASIDE_SHARE,
    BARE_STRANGENESS,
    LIGHT_WEIGHT,
    MISSING_COMPLAINT_WEIGHT,
    OUT_OF_DOMAIN_WEIGHT,
    STRANGE_ASIDE_SHARE,
    UNASKED_WEIGHT,
    UNKNOWN_WEIGHT,
    rarity,
    word_weight,
)
from voiceskill.text import UNKNOWN

SHARED_WEIGHT = 0.75
"""Share of the unit similarity in the score; the rest is rapidfuzz's."""

EXACT_SHARE = 0.97
EXACT_SURFACE = 95.0
"""At these, nothing but a word of grammar can differ between the sentence and the phrase."""

UNSEEN_SURFACE = 90.0
"""Phrases closer than this are passed over when calibrating."""

MOST_FOR_RANKING = 8
"""Phrases per intent that get the second, slower similarity."""

CLASSES_RANKED = 6
FURTHEST_BEHIND = 15.0
"""A class that cannot come this close to the leader is no rival and is not ranked."""


Weights = NDArray[np.float32]
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One class's best phrase for a sentence."""

    label: str
    """Intent id, or ``!`` and a redirect's id for a sentence that must not be answered."""
    score: float
    """0 to 100."""
    phrase: str
    surface: float
    """rapidfuzz ratio of every word, grammar included, 0 to 100."""
    exact: bool
    """Whether sentence and phrase differ in a word of grammar at most."""


class PhraseIndex:
    """All phrases of a catalogue, ready to be searched."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Index ``rows``, which must be sorted by label."""
        self._rows = rows
        self._sorted = [_sorted(row.core) for row in rows]
        self._meanings: dict[object, tuple[float, Sequence[str]]] = {}
        self._label_ends()
        self._weigh()
        self._post()

    def _label_ends(self) -> None:
        starts = [
            i for i, row in enumerate(self._rows) if i == 0 or row.label != self._rows[i - 1].label
        ]
        self._starts = np.array(starts, dtype=np.int64)
        self._ends = [*starts[1:], len(self._rows)]

    def _weigh(self) -> None:
        """Weigh each feature by the number of intents that use it in a fair part of their phrases.

        Robertson and Sparck Jones' inverse document frequency with intents as documents; an intent
        with the feature in under a tenth of its phrases counts in proportion.
        """
        shares: dict[str, float] = {}
        intents = 0
        for start, end in zip(self._starts, self._ends, strict=True):
            if self._rows[start].label[0] == NEGATIVE:
                continue
            intents += 1
            counts: dict[str, int] = {}
            for row in self._rows[start:end]:
                for feature in row.features:
                    counts[feature] = counts.get(feature, 0) + 1
            for feature, count in counts.items():
                share = min(1.0, 10 * count / (end - start))
                shares[feature] = shares.get(feature, 0.0) + share
        self._intents = intents
        self._shares = shares
        features = {feature for row in self._rows for feature in row.features}
        self._weights = {feature: self._weight(feature) for feature in features}

    def _weight(self, feature: str) -> float:
        return word_weight(feature, self._intents, self._shares.get(feature))

    def _post(self) -> None:
        postings: dict[str, list[int]] = {}
        totals = np.zeros(len(self._rows), dtype=np.float32)
        limited: dict[Constraint, list[int]] = {}
        for i, row in enumerate(self._rows):
            totals[i] = sum(self._weights[f] for f in row.features)
            for feature in row.features:
                postings.setdefault(feature, []).append(i)
            for constraint in row.constraints:
                limited.setdefault(constraint, []).append(i)
        self._totals = totals
        self._complaining = np.zeros(len(self._rows), dtype=np.float32)
        self._complaining[postings.get(COMPLAINT, [])] = MISSING_COMPLAINT_WEIGHT
        self._postings = {f: np.array(rows, dtype=np.int32) for f, rows in postings.items()}
        self._constraints: dict[str, list[tuple[frozenset[str], Rows]]] = {}
        for (slot, allowed), rows in limited.items():
            found = (allowed, np.array(rows, dtype=np.int32))
            self._constraints.setdefault(slot, []).append(found)
        self._slot_features: dict[str, list[tuple[str, frozenset[str] | None]]] = {}
        for feature in postings:
            slot, equals, values = feature.partition("=")
            if equals:
                accepted = frozenset(values.split("|")) if values else None
                self._slot_features.setdefault(slot, []).append((feature, accepted))

    def __len__(self) -> int:
        return len(self._rows)

    def _accepting(self, values: Sequence[Value]) -> list[str]:
        return [
            feature
            for slot, value in values
            for feature, accepted in self._slot_features.get(slot, ())
            if accepted is None or value in accepted
        ]

    def _meaning(self, unit: Unit) -> tuple[float, Sequence[str]]:
        """Return what it costs a phrase not to have ``unit``, and the features that have it."""
        said = unit.values or unit.key
        known = self._meanings.get(said)
        if known is None:
            known = self._meanings[said] = self._weighed(unit)
        return known

    def _weighed(self, unit: Unit) -> tuple[float, Sequence[str]]:
        if unit.key == UNKNOWN:
            return UNKNOWN_WEIGHT, ()
        if not unit.values:
            weight = self._weights.get(unit.key)
            return (self._weight(unit.key) if weight is None else weight), (unit.key,)
        accepting = self._accepting(unit.values)
        if accepting:
            used = sum(self._shares.get(feature, 0.0) for feature in accepting)
            return rarity(self._intents, min(used, self._intents)), accepting
        asked = any(slot in self._slot_features for slot, _ in unit.values)
        return (UNASKED_WEIGHT if asked else LIGHT_WEIGHT), ()

    def search(
        self, units: Sequence[Unit], aside: Sequence[Unit] = (), *, unseen: bool = False
    ) -> list[Candidate]:
        """Return the best phrase of each likely class for ``units``, best first.

        ``aside`` are units of the same sentence outside the clause ``units``. With ``unseen``,
        phrases that are nearly the sentence itself are passed over, as if nobody had written them.
        """
        if not self._rows or not units:
            return []
        shared = self._shared(units, aside)
        best = np.maximum.reduceat(shared, self._starts)
        keys, core = spelled(units)
        found = []
        leader = 0.0
        for label in np.argsort(-best)[:CLASSES_RANKED]:
            most = _most(float(best[label]))
            if best[label] > 0 and most > leader - FURTHEST_BEHIND:
                candidate = self._rank(int(label), shared, keys, core, unseen)
                if candidate is not None:
                    found.append(candidate)
                    leader = max(leader, candidate.score)
        return sorted(found, key=lambda c: -c.score)

    def _shared(self, units: Sequence[Unit], aside: Sequence[Unit]) -> Weights:
        phrase_side = np.zeros(len(self._rows), dtype=np.float32)
        sentence_side = np.zeros(len(self._rows), dtype=np.float32)
        total = 0.0
        counted: set[str] = set()
        bare = all(unit.key != COMPLAINT for unit in (*units, *aside))
        for unit in {unit.values or unit.key: unit for unit in units}.values():
            weight, features = self._meaning(unit)
            if bare and self._strange(unit):
                weight *= BARE_STRANGENESS
            total += weight
            for feature in features:
                rows = self._postings.get(feature)
                if rows is None:
                    continue
                sentence_side[rows] += weight
                if feature not in counted:
                    phrase_side[rows] += self._weights[feature]
            counted.update(features)
        total += sum(self._aside_weight(unit, bare) for unit in aside)
        np.minimum(sentence_side, total, out=sentence_side)
        totals = self._totals + np.float32(total)
        if bare:
            totals = totals + self._complaining
        shared: Weights = (phrase_side + sentence_side) / totals
        heard: dict[str, set[str]] = {}
        for unit in units:
            for slot, value in unit.values:
                heard.setdefault(slot, set()).add(value)
        for slot, values in heard.items():
            for allowed, rows in self._constraints.get(slot, ()):
                if values.isdisjoint(allowed):
                    shared[rows] = 0
        return shared

    def _aside_weight(self, unit: Unit, bare: bool) -> float:
        weight, _ = self._meaning(unit)
        if bare:
            return weight
        return weight * (STRANGE_ASIDE_SHARE if self._strange(unit) else ASIDE_SHARE)

    def _strange(self, unit: Unit) -> bool:
        """Return whether no intent uses this word; negatives may, and that makes it no better."""
        weight, features = self._meaning(unit)
        known = any(feature in self._shares for feature in features)
        return weight == OUT_OF_DOMAIN_WEIGHT and not known

    def _rank(
        self, label: int, shared: Weights, keys: str, core: str, unseen: bool
    ) -> Candidate | None:
        start, end = int(self._starts[label]), self._ends[label]
        part = shared[start:end]
        count = min(MOST_FOR_RANKING, len(part))
        top = np.argpartition(-part, count - 1)[:count]
        top = top[np.argsort(-part[top])]
        found: Candidate | None = None
        for offset in top:
            share = float(part[offset])
            if found is not None and _most(share) <= found.score:
                continue
            row = self._rows[start + int(offset)]
            surface = fuzz.ratio(keys, row.keys)
            if unseen and surface >= UNSEEN_SURFACE:
                continue
            ordered = max(
                fuzz.ratio(core, row.core),
                0.95 * fuzz.ratio(_sorted(core), self._sorted[start + int(offset)]),
            )
            similar = 0.5 * (surface + ordered)
            score = min(100.0, SHARED_WEIGHT * 100 * share + (1 - SHARED_WEIGHT) * similar)
            if found is None or score > found.score:
                exact = share > EXACT_SHARE and surface >= EXACT_SURFACE
                found = Candidate(row.label, score, row.phrase, surface, exact)
        return found


def _most(share: float) -> float:
    """Return the best score that a phrase with this share of units can reach."""
    return 100 * (SHARED_WEIGHT * share + 1 - SHARED_WEIGHT)


@lru_cache(maxsize=64)
def _sorted(keys: str) -> str:
    """Return ``keys`` in alphabetical order: two of these compared are a token sort ratio."""
    return " ".join(sorted(keys.split()))
