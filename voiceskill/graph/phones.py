"""The phone set: 39 ARPAbet phones, silence, and their position-dependent forms.

Three numberings meet here:

* A *phone index* (0 to 38) is a phone's place in ``PHONES``.
* A *pdf* is an output of the acoustic network: 0 is the CTC blank, phone index ``i`` is ``i + 1``.
  Silence has no output of its own; it is blank.
* A *phone id* is what the transition model and ``word_boundary.int`` speak of: 1 is silence, then
  four ids a phone, for its place in a word. The four share one pdf: position tells Vosk where a
  word begins and ends, and changes nothing about how it sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

# fmt: off
PHONES: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH",
    "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH",
    "UW", "V", "W", "Y", "Z", "ZH",
)
# fmt: on
"""ARPAbet as CMUdict uses it, without stress marks, sorted."""

INDEX: dict[str, int] = {phone: index for index, phone in enumerate(PHONES)}

BLANK_PDF = 0
PDF_COUNT = len(PHONES) + 1
SILENCE_ID = 1
PHONE_ID_COUNT = 1 + 4 * len(PHONES)
"""Phone ids run from 1 to this number."""


class Position(IntEnum):
    """Where in a word a phone stands; the value is its offset within the phone's four ids."""

    BEGIN = 0
    END = 1
    INTERNAL = 2
    SINGLETON = 3


_SUFFIX = {
    Position.BEGIN: "_B",
    Position.END: "_E",
    Position.INTERNAL: "_I",
    Position.SINGLETON: "_S",
}
_BOUNDARY = {
    Position.BEGIN: "begin",
    Position.END: "end",
    Position.INTERNAL: "internal",
    Position.SINGLETON: "singleton",
}


def pdf_of(phone: str) -> int:
    """Return the network output of an ARPAbet phone. Raises KeyError for anything else."""
    return INDEX[phone] + 1


def phone_id(phone: str, position: Position) -> int:
    """Return the id of an ARPAbet phone at a place in a word. Raises KeyError when unknown."""
    return 2 + 4 * INDEX[phone] + position


def pdf_of_id(identifier: int) -> int:
    """Return the network output that a phone id is scored by (blank for silence)."""
    return BLANK_PDF if identifier == SILENCE_ID else (identifier - 2) // 4 + 1


def word_phone_ids(pronunciation: Sequence[str]) -> tuple[int, ...]:
    """Return the position-dependent ids of one word, ``["HH", "IY"]`` -> HH_B IY_E."""
    if len(pronunciation) == 1:
        return (phone_id(pronunciation[0], Position.SINGLETON),)
    last = len(pronunciation) - 1
    return tuple(
        phone_id(
            phone,
            Position.BEGIN if k == 0 else Position.END if k == last else Position.INTERNAL,
        )
        for k, phone in enumerate(pronunciation)
    )


def phones_txt() -> str:
    """Return Kaldi's symbol table of phone ids, ``<eps> 0`` and ``SIL 1`` first."""
    lines = ["<eps> 0", f"SIL {SILENCE_ID}"]
    lines += [f"{p}{_SUFFIX[place]} {phone_id(p, place)}" for p in PHONES for place in Position]
    return "\n".join(lines) + "\n"


def word_boundary_int() -> str:
    """Return Kaldi's ``word_boundary.int``: every phone id and its place in a word."""
    lines = [f"{SILENCE_ID} nonword"]
    lines += [f"{phone_id(p, place)} {_BOUNDARY[place]}" for p in PHONES for place in Position]
    return "\n".join(lines) + "\n"
