"""Shapes of the TOML files under ``intents/<language>/``; unknown keys are errors.

These are exactly what staff write. ``voiceskill.content.load`` turns them into a checked
``Catalogue``. Red flags have their own file and shapes in ``voiceskill.content.red_flags``.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

import msgspec


class Evidence(StrEnum):
    """How well an answer is supported."""

    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"
    CONSENSUS = "consensus"
    OBSERVATIONAL = "observational"
    LABORATORY = "laboratory"
    GENERAL = "general knowledge"
    """Not yet traced to a source; to be verified by a clinician."""
    NONE = "not a health claim"
    """For replies about the assistant itself."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class SafetyNote(_Strict, frozen=True, kw_only=True):
    """A sentence added to an answer when a slot calls for it, or always when ``when`` is empty."""

    say: str
    when: dict[str, str] = {}
    """Slot name to value id; all must hold."""


class Specialise(_Strict, frozen=True, kw_only=True):
    """Answer as another intent when these slots were heard."""

    when: dict[str, str]
    answer_as: str


class IntentEntry(_Strict, frozen=True, kw_only=True):
    """One thing a person can ask."""

    id: str
    """Topic, a dot, a name: ``why.night``."""
    title: str
    """A question as a person would put it, shown as an example and as a touch button."""
    templates: list[str]
    """Sentences in hassil's syntax: ``[optional]``, ``(a|b)``, ``{list:slot}``, ``<rule>``."""
    say: list[str]
    """Sentences spoken; the first is usable alone; together at most 60 words."""
    more: list[str] = []
    """What "tell me more" adds."""
    anchors: list[str] = []
    """Words or ``{slot}`` of which at least one must be heard with confidence; when empty the
    topic file's ``anchors`` apply."""
    evidence: Evidence
    sources: list[str] = []
    """Keys of sources.toml; may be empty only for general knowledge and non-claims."""
    reviewed: dt.date
    """When the wording was last checked against its sources."""
    notes: list[SafetyNote] = []
    specialise: list[Specialise] = []
    routine: str | None = None
    """Key of routines.toml: the guided stretch this answer offers."""
    follow_on: list[str] = []
    """Intents offered for "what else?"."""


class TopicFile(_Strict, frozen=True, kw_only=True):
    """One topic: relief, why, cause, prevent, claims, course, care, meta."""

    topic: str
    anchors: list[str] = []
    rules: dict[str, str] = {}
    """Named parts of templates, used as ``<name>``; added to those of slots.toml."""
    intent: list[IntentEntry]


class SlotValue(_Strict, frozen=True, kw_only=True):
    """One value of a slot, such as the calf."""

    id: str
    say: list[str]
    """Spoken forms, in hassil's syntax without slots."""
    lists: list[str] = []
    """Narrower lists this value belongs to, used in templates as ``{list:slot}``."""
    spoken: str | None = None
    """How replies name it; the first spoken form by default."""


class SlotEntry(_Strict, frozen=True, kw_only=True):
    """Something a question can mention: body part, side, time, trigger, remedy, ..."""

    name: str
    value: list[SlotValue]


class SlotsFile(_Strict, frozen=True, kw_only=True):
    """slots.toml: the slots, the rules shared by every topic, and politeness."""

    slot: list[SlotEntry]
    rules: dict[str, str] = {}
    lead_ins: list[str] = []
    """How people begin, such as "can you tell me": for the recogniser's language model only; the
    matcher drops them through ``voiceskill.text.fold``."""
    tails: list[str] = []
    """How people end, such as "please"; likewise."""


class SourceEntry(_Strict, frozen=True, kw_only=True):
    """Where a fact comes from."""

    title: str
    url: str
    note: str = ""
    """How it was read (abstract, secondary copy) when not in full."""


class RoutineStep(_Strict, frozen=True, kw_only=True):
    """One position of a guided stretch."""

    say: list[str]
    hold_seconds: int = 0
    """0: nothing to hold, go on when the sentences are spoken."""
    rest_seconds: int = 0
    repeats: int = 1
    each_side: bool = False


class RoutineEntry(_Strict, frozen=True, kw_only=True):
    """A guided stretch."""

    id: str
    title: str
    step: list[RoutineStep]
    do_not_start: list[str]
    stop_if: list[str]
    evidence: Evidence
    sources: list[str]
    reviewed: dt.date


class RoutinesFile(_Strict, frozen=True, kw_only=True):
    """routines.toml."""

    preflight: list[str]
    routine: list[RoutineEntry]


class RedirectEntry(_Strict, frozen=True, kw_only=True):
    """What to say to a question that is near the topic but outside it."""

    id: str
    say: list[str]


class NegativeEntry(_Strict, frozen=True, kw_only=True):
    """Sentences that must never be answered as cramp."""

    templates: list[str]
    redirect: str | None = None
    """Which redirect to say; none: "I only know about muscle cramps"."""


class NegativesFile(_Strict, frozen=True, kw_only=True):
    """negatives.toml."""

    rules: dict[str, str] = {}
    redirect: list[RedirectEntry]
    negative: list[NegativeEntry]


class PhrasesFile(_Strict, frozen=True, kw_only=True):
    """phrases.toml: what the assistant says about itself, such as "please say that again"."""

    say_again: list[str]
    """First refusal."""
    choices: list[str]
    """Second refusal in a row: three things to say, as sentences."""
    off_topic: list[str]
    nothing_to_repeat: list[str]
    not_reviewed: list[str]
    """Spoken or shown until a clinician has signed the content."""
    after_relief: list[str] = []
    """Asked once a cramp that was going on should have eased."""
    check_denied: list[str] = msgspec.field(default_factory=lambda: ["All right."])
    """Said when a question about a danger sign was answered with no, and nothing else was asked."""
    check_unanswered: list[str] = msgspec.field(
        default_factory=lambda: ["If yes, or if you are not sure:"]
    )
    """Said between a question about a danger sign and the warning, where nobody can answer."""
    region_unset_emergency: str = "your local emergency number"


class ThresholdsFile(_Strict, frozen=True, kw_only=True):
    """thresholds.toml: written by ``voiceskill evaluate --calibrate``, read by the matcher."""

    accept_score: float
    """Least fuzzy score, 0 to 100."""
    margin: float
    """Least lead over the best other intent."""
    anchor_confidence: float
    """Least recogniser confidence of an anchor word, 0 to 1."""
    mean_confidence: float
    """Least mean word confidence of the whole utterance."""
    unknown_share: float
    """Largest share of ``<unk>`` words."""
    calibrated: dt.date
    command: str
