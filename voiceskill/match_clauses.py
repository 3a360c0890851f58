"""Cuts a rambling sentence where a question or a new thought begins."""

from __future__ import annotations

from collections.abc import Sequence

from voiceskill.match_slots import Unit

Split = tuple[tuple[Unit, ...], tuple[Unit, ...]]
"""A clause, and the rest of the sentence it stands in."""

_STARTS = frozenset(
    {"why", "how", "what", "which", "should", "can", "is", "does", "do", "what_do",
     "and", "but", "because", "so", "since", "if", "when", "about"}
)  # fmt: skip
_SHORTEST_SENTENCE = 5
_MOST = 8


def clauses(units: Sequence[Unit]) -> list[Split]:
    """Return the whole sentence, then its clauses, longest first for each start."""
    whole = tuple(units)
    found: list[Split] = [(whole, ())]
    if len(whole) < _SHORTEST_SENTENCE:
        return found
    edges = sorted({0, len(whole), *(i for i, unit in enumerate(whole) if unit.key in _STARTS)})
    for start in edges[:-1]:
        for end in reversed(edges):
            if end - start >= 2 and (start, end) != (0, len(whole)):
                found.append((whole[start:end], whole[:start] + whole[end:]))
    return found[: _MOST + 1]
