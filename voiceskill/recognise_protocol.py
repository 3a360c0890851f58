"""What passes between ``recognise`` and its worker process, as MessagePack."""

from __future__ import annotations

from enum import StrEnum

import msgspec

MOST_STREAMS = 64
"""Utterances that may be open at once."""
LONGEST_SECONDS = 65.0
"""The longest utterance the settings allow is 60 s."""


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    pass


class Open(_Message, frozen=True):
    """Begin an utterance; answered once the model is loaded."""

    stream: int


class Feed(_Message, frozen=True):
    """Audio of an utterance that was opened."""

    stream: int
    pcm: bytes
    """Signed 16-bit little-endian mono at 16 kHz."""
    partial: bool = False
    """Ask for what has been heard so far."""


class Finish(_Message, frozen=True):
    """End an utterance and ask for the result."""

    stream: int


class Abandon(_Message, frozen=True):
    """Forget an utterance."""

    stream: int


Request = Open | Feed | Finish | Abandon


class HeardWord(msgspec.Struct, frozen=True):
    """A word of a hypothesis, with times from the utterance's first sample."""

    text: str
    start_seconds: float
    end_seconds: float


class Hypothesis(msgspec.Struct, frozen=True):
    """One path through the recogniser's lattice."""

    text: str
    log_likelihood: float
    words: tuple[HeardWord, ...] = ()


class Done(_Message, frozen=True):
    """The request was carried out."""

    partial: str = ""


class Heard(_Message, frozen=True):
    """The result of an utterance, likeliest hypothesis first."""

    hypotheses: tuple[Hypothesis, ...]


class Reason(StrEnum):
    """Why the worker would not do something."""

    MODEL = "model"
    """The model cannot be loaded."""
    STREAM = "stream"
    """No such utterance is open: the worker has been restarted since."""
    BUSY = "busy"
    """Too many utterances are open."""
    AUDIO = "audio"
    """Half a sample, or more audio than an utterance may have."""


class Refused(_Message, frozen=True):
    """The request was not carried out; the worker is well."""

    reason: Reason
    message: str


Answer = Done | Heard | Refused
