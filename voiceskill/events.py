"""What flows between the stages: plain, frozen values with their units in the names.

One way only: ``Frame`` -> ``Utterance`` -> ``Transcript`` -> ``RedFlag`` or ``Match`` or
``NoMatch`` -> ``Reply`` -> ``Pcm`` -> ``Spoken``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SAMPLE_RATE_HZ = 16_000
"""Rate of all audio between capture and recognition; the acoustic model's rate."""

FRAME_SAMPLES = 512
"""Samples in one frame (32 ms), the only size the voice activity detector takes."""

FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE_HZ

NO_SLOTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """One block of microphone audio."""

    pcm: bytes
    """Signed 16-bit little-endian mono at 16 kHz, exactly ``FRAME_SAMPLES`` samples."""
    start_seconds: float
    """Time of the first sample on the stream's own clock (0 at the stream's start)."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak."""

    start_seconds: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of speech between two silences, pre-roll and trailing silence included."""

    pcm: bytes
    """Signed 16-bit little-endian mono at 16 kHz."""
    start_seconds: float
    end_seconds: float
    truncated: bool = False
    """True when it was cut at the longest length allowed."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What has been heard so far of an utterance still going on."""

    text: str


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    start_seconds: float
    """From the utterance's first sample."""
    end_seconds: float
    confidence: float
    """Posterior from the recogniser's lattice, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the recogniser's hypotheses."""

    text: str
    score: float
    """Log-likelihood as the recogniser reports it; only differences within one transcript mean
    anything, larger is better."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard, best hypothesis first. Typed questions have confidence 1 and no times."""

    text: str
    words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """All hypotheses including the best one; empty for typed text."""
    typed: bool = False
    """True when a person typed it, so there is nothing acoustic to doubt."""


class Urgency(StrEnum):
    """How soon a red flag needs a person."""

    EMERGENCY = "emergency"
    """Call the emergency number now."""
    TODAY = "today"
    """Medical advice today."""
    ROUTINE = "routine"
    """Book a doctor."""
    CRISIS = "crisis"
    """Somebody may be thinking of harming themselves."""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A danger sign heard in any hypothesis; it wins over every match."""

    id: str
    """Such as ``F1``; names an entry of ``intents/en/red_flags.toml``."""
    urgency: Urgency
    evidence: str
    """The words that fired it, for logs and tests."""
    doubt: bool = False
    """True when one yes/no question should be asked before acting; no answer counts as yes."""
    otherwise: RedFlag | None = None
    """What still stands when the answer to that question is no: less urgent, not in doubt."""


@dataclass(frozen=True, slots=True)
class Match:
    """An intent accepted for an utterance."""

    intent: str
    """Such as ``relief.calf``."""
    score: float
    """Fuzzy score of the winning phrase, 0 to 100."""
    phrase: str
    """The phrase that won, slots as ``{slot}``."""
    heard: str
    """The hypothesis that won."""
    slots: Mapping[str, str] = field(default_factory=dict)
    """Slot name to value id, such as ``{"part": "calf"}``; the first mention of each slot."""
    mentioned: tuple[tuple[str, str], ...] = ()
    """Every slot and value heard in any hypothesis; safety notes go by these."""
    runner_up: str | None = None
    runner_up_score: float = 0.0


class Refusal(StrEnum):
    """Why an utterance was not answered."""

    SILENCE = "silence"
    """Nothing was said."""
    UNKNOWN_WORDS = "unknown_words"
    """Too much of it lay outside the recogniser's vocabulary."""
    LOW_CONFIDENCE = "low_confidence"
    """The recogniser was not sure of the words that matter."""
    LOW_SCORE = "low_score"
    """No phrase is close enough."""
    AMBIGUOUS = "ambiguous"
    """Two intents are equally close."""
    NO_ANCHOR = "no_anchor"
    """Close to a phrase, but without a word that belongs to the topic."""
    NEGATIVE = "negative"
    """Closer to something known to be off topic."""
    NEGATED = "negated"
    """The speaker said that they do not have it."""


@dataclass(frozen=True, slots=True)
class NoMatch:
    """An utterance that must not be answered as a question about cramp."""

    reason: Refusal
    heard: str
    nearest: str | None = None
    """The intent that came nearest, for logs only."""
    nearest_score: float = 0.0
    redirect: str | None = None
    """Id of a redirect in ``intents/en/negatives.toml`` (belly cramp, nearby body question)."""


class ReplyKind(StrEnum):
    """What sort of thing is being said."""

    ANSWER = "answer"
    RED_FLAG = "red_flag"
    CHECK = "check"
    """A yes/no question about a possible red flag."""
    REDIRECT = "redirect"
    REFUSAL = "refusal"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, sentence by sentence."""

    kind: ReplyKind
    sentences: tuple[str, ...]
    intent: str | None = None
    red_flag: str | None = None
    sources: tuple[str, ...] = ()
    """Source ids, resolved in ``intents/en/sources.toml``."""
    routine: str | None = None
    """Id of the guided stretch this reply starts or offers."""


@dataclass(frozen=True, slots=True)
class Pcm:
    """One rendered sentence."""

    rate_hz: int
    samples: bytes
    """Signed 16-bit little-endian mono."""

    @property
    def seconds(self) -> float:
        """Length when played."""
        return len(self.samples) / 2 / self.rate_hz


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence has been rendered and, where there is a loudspeaker, handed to it."""

    sentence: str
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Speech was cut short."""

    sentence: str


Event = (
    SpeechStarted
    | Utterance
    | Partial
    | Transcript
    | RedFlag
    | Match
    | NoMatch
    | Reply
    | Spoken
    | Interrupted
)
