"""What the other stages read: the content, checked and with its templates written out.

Everything here is frozen. ``voiceskill.content.load.load`` makes a ``Catalogue``.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from voiceskill.content.schema import (
    IntentEntry,
    PhrasesFile,
    RedirectEntry,
    RoutineEntry,
    SlotEntry,
    SourceEntry,
    ThresholdsFile,
)
from voiceskill.errors import ContentError

Constraint = tuple[str, frozenset[str]]
"""A slot's name and the value ids it may take."""


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """One sentence somebody may say, written out from a template."""

    text: str
    """Lower-case words and slots, such as ``why are my {part} cramping``."""
    intent: str
    constraints: tuple[Constraint, ...] = ()
    """For slots that must take one of some values; a slot not named here takes any value."""
    template: int = 0
    """Which of the intent's templates it came from, counted from 0."""


class SlotForm(msgspec.Struct, frozen=True, array_like=True):
    """One spoken form of a slot's value."""

    text: str
    slot: str
    value: str


class Negative(msgspec.Struct, frozen=True, array_like=True):
    """A sentence that must not be answered as cramp."""

    text: str
    redirect: str | None = None
    """Id of the redirect to say; none: the ordinary off-topic reply."""
    constraints: tuple[Constraint, ...] = ()


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All content of one language; of the danger signs only what the language model needs."""

    intents: dict[str, IntentEntry]
    """By id, in the order of the files."""
    anchors: dict[str, tuple[str, ...]]
    """By intent id: words and ``{slot}`` of which at least one must be heard; the intent's own, or
    else its topic's."""
    phrases: tuple[Phrase, ...]
    slots: tuple[SlotEntry, ...]
    slot_forms: tuple[SlotForm, ...]
    """Longest first, so that "lower leg" is found before "leg"."""
    negatives: tuple[Negative, ...]
    redirects: dict[str, RedirectEntry]
    routines: dict[str, RoutineEntry]
    preflight: tuple[str, ...]
    """Sentences said before every routine."""
    sources: dict[str, SourceEntry]
    wording: PhrasesFile
    thresholds: ThresholdsFile
    lead_ins: tuple[str, ...]
    tails: tuple[str, ...]
    red_flag_examples: tuple[str, ...] = ()
    """Sentences that raise a danger sign, for the language model."""
    digest: str
    """SHA-256 (hex) of every content file: changes with anything."""
    language_digest: str
    """SHA-256 (hex) of what the language model is made from: changes with what people may say,
    not with answers or thresholds."""

    def spoken(self, slot: str, value: str) -> str:
        """Return how a reply names a slot's value; KeyError for a value that does not exist."""
        for entry in self.slots:
            if entry.name == slot:
                for candidate in entry.value:
                    if candidate.id == value:
                        return candidate.spoken or candidate.say[0]
        raise KeyError((slot, value))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the content, and what to do about it."""

    file: str
    """Such as ``intents/en/why.toml``."""
    place: str
    """Such as ``line 12, intent 3 (why.night)``; may be empty."""
    message: str
    hint: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.message}"

    def error(self) -> ContentError:
        """Return it as the error that stops a start."""
        return ContentError(f"{self}.", f"{self.hint[:1].upper()}{self.hint[1:]}.")
