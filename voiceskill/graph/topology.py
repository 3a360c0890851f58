"""The hidden Markov topology of a CTC network and Kaldi's numbering of its transitions.

A phone has two states: state 0 emits the phone's own output and repeats, state 1 emits blank and
repeats, and may be skipped. Silence is one state that emits blank and repeats. Every path through
a phone therefore spends at least one frame on its label and any number of frames on blanks, which
is CTC's alignment (Graves et al. 2006, "Connectionist temporal classification", section 3) except
that two equal phones in a row need no blank between them.

The decoding graph and the acoustic model must agree on the numbering, and nothing checks that they
do: ``am/final.mdl`` takes its transition model from ``transition_model()`` and the graph its arcs
from ``TRANSITION_ID``.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass

from voiceskill.graph.phones import BLANK_PDF, PHONE_ID_COUNT, SILENCE_ID, pdf_of_id

LABEL_STATE = 0
BLANK_STATE = 1
PHONE_EXIT = 2
"""Destination that leaves a phone, in the numbering of its own states."""
SILENCE_EXIT = 1
"""Destination that leaves silence, which has one state."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a topology entry."""

    pdf_class: int
    """-1 for the final state, which emits nothing."""
    transitions: tuple[tuple[int, float], ...]
    """(destination state, probability), in the order Kaldi numbers them."""


PHONE_ENTRY: tuple[State, ...] = (
    State(0, ((LABEL_STATE, 0.5), (BLANK_STATE, 0.25), (PHONE_EXIT, 0.25))),
    State(1, ((BLANK_STATE, 0.5), (PHONE_EXIT, 0.5))),
    State(-1, ()),
)
SILENCE_ENTRY: tuple[State, ...] = (
    State(0, ((LABEL_STATE, 0.5), (SILENCE_EXIT, 0.5))),
    State(-1, ()),
)


def entry_of(phone: int) -> tuple[State, ...]:
    """Return the topology of a phone id."""
    return SILENCE_ENTRY if phone == SILENCE_ID else PHONE_ENTRY


def _tuples() -> tuple[tuple[int, int, int], ...]:
    rows: list[tuple[int, int, int]] = [(SILENCE_ID, 0, BLANK_PDF)]
    for phone in range(SILENCE_ID + 1, PHONE_ID_COUNT + 1):
        rows.append((phone, LABEL_STATE, pdf_of_id(phone)))
        rows.append((phone, BLANK_STATE, BLANK_PDF))
    return tuple(rows)


TUPLES: tuple[tuple[int, int, int], ...] = _tuples()
"""(phone id, state, pdf) of every transition state, sorted, as Kaldi requires."""


def _transition_ids() -> dict[tuple[int, int, int], int]:
    table: dict[tuple[int, int, int], int] = {}
    for phone, state, _ in TUPLES:
        for destination, _ in entry_of(phone)[state].transitions:
            table[phone, state, destination] = len(table) + 1
    return table


TRANSITION_ID: dict[tuple[int, int, int], int] = _transition_ids()
"""(phone id, state, destination state) -> transition-id, counted from 1."""


class KaldiBytes:
    r"""Kaldi's binary notation: what a file holds after its leading ``\0B``."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def token(self, text: str) -> KaldiBytes:
        """Append a token and its space."""
        self._parts.append(text.encode() + b" ")
        return self

    def int32(self, value: int) -> KaldiBytes:
        """Append a 32-bit integer with its size byte."""
        self._parts.append(b"\x04" + struct.pack("<i", value))
        return self

    def float32(self, value: float) -> KaldiBytes:
        """Append a 32-bit float with its size byte."""
        self._parts.append(b"\x04" + struct.pack("<f", value))
        return self

    def int32_vector(self, values: list[int]) -> KaldiBytes:
        """Append a vector of 32-bit integers: size of one, count, data."""
        self._parts.append(b"\x04" + struct.pack(f"<i{len(values)}i", len(values), *values))
        return self

    def float32_vector(self, values: list[float]) -> KaldiBytes:
        """Append a Kaldi ``Vector<float>``: ``FV``, count, data."""
        self.token("FV").int32(len(values))
        self._parts.append(struct.pack(f"<{len(values)}f", *values))
        return self

    def getvalue(self) -> bytes:
        """Return everything appended."""
        return b"".join(self._parts)


def transition_model() -> bytes:
    r"""Return Kaldi's ``<TransitionModel>`` section, to follow the ``\0B`` of ``final.mdl``."""
    phones = list(range(1, PHONE_ID_COUNT + 1))
    out = KaldiBytes()
    out.token("<TransitionModel>").token("<Topology>").int32_vector(phones)
    # Index 0 is no phone; entry 0 is the phones' topology, entry 1 silence's.
    out.int32_vector([-1] + [int(phone == SILENCE_ID) for phone in phones])
    out.int32(2)
    for entry in (PHONE_ENTRY, SILENCE_ENTRY):
        out.int32(len(entry))
        for state in entry:
            out.int32(state.pdf_class).int32(len(state.transitions))
            for destination, probability in state.transitions:
                out.int32(destination).float32(probability)
    out.token("</Topology>").token("<Triples>").int32(len(TUPLES))
    for row in TUPLES:
        for value in row:
            out.int32(value)
    log_probabilities = [0.0]  # transition-ids count from 1
    for phone, state_index, _ in TUPLES:
        log_probabilities += [math.log(p) for _, p in entry_of(phone)[state_index].transitions]
    out.token("</Triples>").token("<LogProbs>").float32_vector(log_probabilities)
    out.token("</LogProbs>").token("</TransitionModel>")
    return out.getvalue()


FINGERPRINT: str = hashlib.sha256(transition_model()).hexdigest()[:16]
"""Changes whenever phones or topology do, so that a graph and a model can be compared."""
