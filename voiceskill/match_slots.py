"""Finds what a sentence mentions: body parts, sides, times, remedies and whatever else is a slot.

A sentence becomes a row of ``Unit``: a slot with the values it may stand for, or a word reduced to
its stem or concept. Phrases and utterances go through the same reduction, so "night" written out in
a phrase and "at night" spoken by somebody are the same unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voiceskill.content.catalogue import SlotForm
from voiceskill.match_lexicon import concept_at, stem
from voiceskill.text import expand

Value = tuple[str, str]
"""A slot's name and a value id."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing a sentence says."""

    key: str
    """A stem, a concept, or ``{slot}``."""
    start: int
    """First word, counted in the folded sentence."""
    end: int
    """One past the last word."""
    values: tuple[Value, ...] = ()
    """For a slot, what it may stand for; several only when one form names several values."""


class Tagger:
    """Turns folded words into units, longest slot form first."""

    def __init__(self, forms: Iterable[SlotForm]) -> None:
        exact: dict[tuple[str, ...], list[Value]] = {}
        for form in forms:
            words = tuple(" ".join(expand(word) for word in form.text.split()).split())
            values = exact.setdefault(words, [])
            if (form.slot, form.value) not in values:
                values.append((form.slot, form.value))
        self._forms: dict[tuple[str, ...], tuple[Value, ...]] = {}
        for words, values in exact.items():
            self._forms.setdefault(tuple(map(stem, words)), tuple(values))
        self._forms.update({words: tuple(values) for words, values in exact.items()})
        self._longest: dict[str, int] = {}
        for words in self._forms:
            self._longest[words[0]] = max(len(words), self._longest.get(words[0], 0))

    def tag(self, words: Sequence[str]) -> tuple[Unit, ...]:
        """Return the units of folded ``words``, in order, without gaps or overlaps."""
        slots = self._slots(words)
        units: list[Unit] = []
        position = 0
        while position < len(words):
            unit = slots.get(position)
            if unit is None and _is_placeholder(words[position]):
                unit = Unit(words[position], position, position + 1)
            if unit is None:
                free = position + 1
                while free < len(words) and free not in slots and not _is_placeholder(words[free]):
                    free += 1
                key, size = concept_at(words[position:free], 0)
                unit = Unit(key, position, position + size)
            units.append(unit)
            position = unit.end
        return tuple(units)

    def _slots(self, words: Sequence[str]) -> Mapping[int, Unit]:
        found: dict[int, Unit] = {}
        position = 0
        while position < len(words):
            size, values = self._longest_at(words, position)
            if size:
                found[position] = Unit(f"{{{values[0][0]}}}", position, position + size, values)
            position += size or 1
        return found

    def _longest_at(self, words: Sequence[str], position: int) -> tuple[int, tuple[Value, ...]]:
        first = words[position]
        longest = max(self._longest.get(first, 0), self._longest.get(stem(first), 0))
        for size in range(min(longest, len(words) - position), 0, -1):
            span = tuple(words[position : position + size])
            values = self._forms.get(span) or self._forms.get(tuple(map(stem, span)))
            if values:
                return size, values
        return 0, ()


def _is_placeholder(word: str) -> bool:
    return word[0] == "{"


def slot_values(units: Iterable[Unit]) -> dict[str, str]:
    """Return slot name to value id; the first mention wins."""
    slots: dict[str, str] = {}
    for unit in units:
        for slot, value in unit.values[:1]:
            slots.setdefault(slot, value)
    return slots
