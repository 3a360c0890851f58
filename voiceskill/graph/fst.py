"""Weighted transducers as numpy arrays, and OpenFst's binary vector format.

Arcs are built and rewritten by the hundred thousand; arrays and whole files are some fifty times
faster for that than one call a arc into a library.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceskill.errors import GraphError

ARC = np.dtype(
    [("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("target", "<i4")], align=False
)
"""One arc as OpenFst's ``StdArc`` is stored; weights are costs (negative natural logarithms)."""

_MAGIC = 2125659606
_VERSION = 2
_EXPANDED_AND_MUTABLE = 0x3
_STATE_WORDS = 3
_ARC_WORDS = 4


@dataclass(frozen=True, slots=True)
class Fst:
    """A transducer over the tropical semiring; state numbers count from 0."""

    start: int
    final: NDArray[np.float32]
    """Final cost of every state; infinity where a path may not end."""
    source: NDArray[np.int64]
    """Source state of every arc, in ascending order."""
    arcs: NDArray[Any]
    """``ARC`` records, one for every entry of ``source``."""

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.final)


class Builder:
    """Collects states and arcs one by one."""

    def __init__(self) -> None:
        self._final: list[float] = []
        self._arcs: list[tuple[int, int, int, float, int]] = []

    def state(self) -> int:
        """Add a state and return its number."""
        self._final.append(float("inf"))
        return len(self._final) - 1

    def arc(self, source: int, ilabel: int, olabel: int, cost: float, target: int) -> None:
        """Add an arc."""
        self._arcs.append((source, ilabel, olabel, cost, target))

    def final(self, state: int, cost: float = 0.0) -> None:
        """Let a path end in ``state``."""
        self._final[state] = cost

    def fst(self, start: int) -> Fst:
        """Return what was collected."""
        rows = np.array(self._arcs, dtype=np.float64).reshape(-1, 5)
        return from_columns(
            start, np.array(self._final), rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4]
        )


def from_columns(
    start: int,
    final: NDArray[Any],
    source: NDArray[Any],
    ilabel: NDArray[Any],
    olabel: NDArray[Any],
    weight: NDArray[Any],
    target: NDArray[Any],
    *,
    by: str = "ilabel",
) -> Fst:
    """Return a transducer from one array a column, arcs sorted by source, then by label ``by``."""
    arcs = np.empty(len(source), dtype=ARC)
    arcs["ilabel"], arcs["olabel"] = ilabel, olabel
    arcs["weight"], arcs["target"] = weight, target
    order = np.lexsort((arcs[by], source))
    return Fst(start, final.astype(np.float32), source[order].astype(np.int64), arcs[order])


def to_bytes(fst: Fst) -> bytes:
    """Return ``fst`` as an OpenFst binary file of type ``vector`` over ``standard`` arcs."""
    counts = np.bincount(fst.source, minlength=fst.states)
    first_word = _STATE_WORDS * np.arange(fst.states) + _ARC_WORDS * (np.cumsum(counts) - counts)
    words = np.zeros(_STATE_WORDS * fst.states + _ARC_WORDS * len(fst.arcs), dtype="<i4")
    words[first_word] = fst.final.view("<i4")
    words[first_word + 1] = counts
    arc_word = _STATE_WORDS * (fst.source + 1) + _ARC_WORDS * np.arange(len(fst.arcs))
    words[(arc_word[:, None] + np.arange(_ARC_WORDS)).ravel()] = fst.arcs.view("<i4")
    return _header(fst) + words.tobytes()


def _header(fst: Fst) -> bytes:
    def text(value: bytes) -> bytes:
        return struct.pack("<i", len(value)) + value

    return (
        struct.pack("<i", _MAGIC)
        + text(b"vector")
        + text(b"standard")
        + struct.pack("<iiQ", _VERSION, 0, _EXPANDED_AND_MUTABLE)
        + struct.pack("<qqq", fst.start, fst.states, len(fst.arcs))
    )


def from_bytes(data: bytes) -> Fst:
    """Return the transducer in an OpenFst binary file of the kind that ``to_bytes`` writes.

    Raises GraphError when it is of another kind, cut short or inconsistent.
    """
    try:
        return _parse(data)
    except (struct.error, IndexError, ValueError) as error:
        raise GraphError(
            f"A compiled graph is damaged: {error}.", "Delete it and build it again."
        ) from error


def _parse(data: bytes) -> Fst:
    def text(at: int) -> tuple[bytes, int]:
        (length,) = struct.unpack_from("<i", data, at)
        return data[at + 4 : at + 4 + length], at + 4 + length

    if struct.unpack_from("<i", data, 0)[0] != _MAGIC:
        raise ValueError("it is not an OpenFst file")
    kind, at = text(4)
    arc_kind, at = text(at)
    if (kind, arc_kind) != (b"vector", b"standard"):
        raise ValueError(f"it is of type {kind!r} over {arc_kind!r} arcs")
    _, flags, _ = struct.unpack_from("<iiQ", data, at)
    start, states, _ = struct.unpack_from("<qqq", data, at + 16)
    if flags:
        raise ValueError("it carries symbol tables")
    words = np.frombuffer(data, dtype="<i4", offset=at + 40)
    first = _state_offsets(words, states)
    counts = words[first + 1].astype(np.int64)
    source = np.repeat(np.arange(states, dtype=np.int64), counts)
    arc_word = _STATE_WORDS * (source + 1) + _ARC_WORDS * np.arange(len(source))
    arcs = words[(arc_word[:, None] + np.arange(_ARC_WORDS)).ravel()].view(ARC)
    return Fst(start, words[first].view("<f4"), source, arcs)


def _state_offsets(words: NDArray[Any], states: int) -> NDArray[np.int64]:
    offsets = np.empty(states, dtype=np.int64)
    at = 0
    counts: Sequence[int] = words.tolist()
    for state in range(states):
        offsets[state] = at
        at += _STATE_WORDS + _ARC_WORDS * counts[at + 1]
    if at != len(words):
        raise ValueError("its length does not fit its states")
    return offsets
