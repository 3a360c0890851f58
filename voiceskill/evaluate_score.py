"""What came of each case, and the counts and rates made of many. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rapidfuzz.distance import Levenshtein

from voiceskill.evaluate_sets import Case, Expect
from voiceskill.events import Transcript
from voiceskill.text import normalise

WRONG_ANSWER_COST = 10
"""A wrong answer or a missed danger sign, against 1 for a needless "please say that again"."""


class Outcome(StrEnum):
    """How a case ended."""

    RIGHT = "right"
    REFUSED = "refused"
    """A question that should have been answered was not."""
    WRONG = "wrong"
    """Answered, and not as it should have been, or at all."""
    FALSE_ALARM = "false alarm"
    """A red flag where there is none."""
    MISSED = "missed"
    """No red flag where there is one, and no answer either."""
    FAILED = "failed"
    """The recogniser gave up on it, time after time."""


class Cause(StrEnum):
    """Where a recording that did not end right went wrong."""

    DETECTION = "detection"
    """No speech was found, or none that could be made out."""
    RECOGNITION = "recognition"
    """The same words typed would have ended right."""
    UNDERSTANDING = "understanding"
    """The same words typed do not end right either."""


@dataclass(frozen=True, slots=True)
class Result:
    """One case and what the program did with it."""

    case: Case
    outcome: Outcome
    heard: str
    intent: str | None
    red_flag: str | None
    reason: str | None
    """Why it was not answered; none when it was."""
    score: float
    word_errors: int = 0
    words: int = 0
    audio_seconds: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)
    """Stage name to wall time; ``total`` is the whole question."""

    cause: Cause | None = None
    """For a recording that did not end right."""
    transcript: Transcript | None = None
    """All that was heard, for calibration."""

    @property
    def right_flag(self) -> bool:
        """Whether the very red flag expected was raised, not just some red flag."""
        return self.red_flag is not None and self.red_flag in self.case.accepted


def judge(case: Case, intent: str | None, red_flag: str | None) -> Outcome:
    """Return the outcome of a case. Any red flag counts as caught, whichever it is."""
    if case.expect is Expect.RED_FLAG:
        if red_flag is not None:
            return Outcome.RIGHT
        return Outcome.MISSED if intent is None else Outcome.WRONG
    if red_flag is not None:
        return Outcome.FALSE_ALARM
    if case.expect is Expect.NO_RED_FLAG:
        return Outcome.RIGHT
    if case.expect is Expect.REFUSAL:
        return Outcome.RIGHT if intent is None else Outcome.WRONG
    if intent is None:
        return Outcome.REFUSED
    return Outcome.RIGHT if intent in case.accepted else Outcome.WRONG


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Return the word edit distance (Levenshtein) and the number of words said."""
    reference, hypothesis = normalise(said).split(), normalise(heard).split()
    return Levenshtein.distance(reference, hypothesis), len(reference)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over some results."""

    results: tuple[Result, ...]

    def _count(self, expect: Sequence[Expect], *outcomes: Outcome) -> int:
        return sum(
            r.case.expect in expect and (not outcomes or r.outcome in outcomes)
            for r in self.results
        )

    @property
    def questions(self) -> int:
        """Cases that should be answered."""
        return self._count((Expect.INTENT,))

    @property
    def right(self) -> int:
        """Questions answered rightly."""
        return self._count((Expect.INTENT,), Outcome.RIGHT)

    @property
    def refused(self) -> int:
        """Questions not answered."""
        return self._count((Expect.INTENT,), Outcome.REFUSED)

    @property
    def wrong(self) -> int:
        """Questions answered wrongly."""
        return self._count((Expect.INTENT,), Outcome.WRONG)

    @property
    def off_topic(self) -> int:
        """Cases that should not be answered."""
        return self._count((Expect.REFUSAL,))

    @property
    def off_topic_answered(self) -> int:
        """Cases answered that should not have been."""
        return self._count((Expect.REFUSAL,), Outcome.WRONG)

    @property
    def dangers(self) -> int:
        """Cases with a red flag."""
        return self._count((Expect.RED_FLAG,))

    @property
    def caught(self) -> int:
        """Cases with a red flag in which one was raised."""
        return self._count((Expect.RED_FLAG,), Outcome.RIGHT)

    @property
    def named_rightly(self) -> int:
        """Cases with a red flag in which a right one was raised."""
        return sum(r.case.expect is Expect.RED_FLAG and r.right_flag for r in self.results)

    @property
    def harmless(self) -> int:
        """Cases without a red flag."""
        return len(self.results) - self.dangers

    @property
    def false_alarms(self) -> int:
        """Cases without a red flag in which one was raised."""
        return sum(r.outcome is Outcome.FALSE_ALARM for r in self.results)

    @property
    def answered_wrongly(self) -> int:
        """Every wrong answer: to questions, off-topic talk and danger signs."""
        return sum(r.outcome is Outcome.WRONG for r in self.results)

    @property
    def failed(self) -> int:
        """Cases that the recogniser gave up on."""
        return sum(r.outcome is Outcome.FAILED for r in self.results)

    @property
    def cost(self) -> int:
        """Wrong answers and missed danger signs at 10; refusals, alarms and failures at 1."""
        missed = self.dangers - self.caught - self._count((Expect.RED_FLAG,), Outcome.WRONG)
        light = self.refused + self.false_alarms + self.failed
        light -= self._count((Expect.RED_FLAG,), Outcome.FAILED)
        return WRONG_ANSWER_COST * (self.answered_wrongly + missed) + light

    @property
    def word_error_rate(self) -> float | None:
        """Over recorded questions and danger signs; none where there are none."""
        heard = [r for r in self.results if r.case.audio and r.case.expect is not Expect.REFUSAL]
        words = sum(r.words for r in heard)
        return sum(r.word_errors for r in heard) / words if words else None

    @property
    def real_time_factor(self) -> float | None:
        """Recognition time over recording time; none where nothing was recorded."""
        timed = [r for r in self.results if "recognise" in r.stage_seconds]
        seconds = sum(r.audio_seconds for r in timed)
        return sum(r.stage_seconds["recognise"] for r in timed) / seconds if seconds else None

    def latency(self, stage: str, share: float) -> float | None:
        """Return the ``share`` quantile of a stage's seconds (nearest rank), or none."""
        times = sorted(r.stage_seconds[stage] for r in self.results if stage in r.stage_seconds)
        return times[min(len(times) - 1, int(share * len(times)))] if times else None

    def by(self, key: Callable[[Result], str]) -> dict[str, Tally]:
        """Return one tally per value of ``key``, in the order of the names."""
        names = sorted({key(r) for r in self.results})
        return {name: tally(r for r in self.results if key(r) == name) for name in names}


def tally(results: Iterable[Result]) -> Tally:
    """Return the counts over ``results``."""
    return Tally(tuple(results))


def noise_level(result: Result) -> str:
    """Return the noise of a case as a label, such as ``babble 10 dB``."""
    case = result.case
    return case.noise if case.snr_db is None else f"{case.noise} {case.snr_db:g} dB"


def asked_for(result: Result) -> str:
    """Return what a case expects as a label: an intent, a red flag, or a refusal."""
    return result.case.accepted[0] if result.case.accepted else f"({result.case.expect.value})"
