"""Chooses the matcher's thresholds on labelled sentences, where a wrong answer costs most.

Every sentence is matched once, passing over phrases that are nearly the sentence itself: content
grows out of the very sentences that thresholds are chosen on, and without this they would be chosen
for sentences that are all known. Thresholds are then tried on that evidence. Costs within one
standard error of the least are taken as equal (Breiman, Friedman, Olshen and Stone, "Classification
and Regression Trees", 1984, 3.4.3), and of those choices the one in the middle is taken: the edge
is where the next sentence goes wrong.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from voiceskill.content.schema import ThresholdsFile
from voiceskill.errors import ContentError, EvaluationError
from voiceskill.events import Match, Transcript
from voiceskill.match import Evidence, Matcher

WRONG_COST = 10.0
"""Another intent's answer, or any answer to what is off topic."""

REFUSAL_COST = 1.0
"""A question that should have been answered."""

_SCORES = tuple(float(score) for score in range(60, 91))
_MARGINS = tuple(step / 2 for step in range(21))
_CONFIDENCES = tuple(step / 20 for step in range(19))
_UNKNOWN_SHARES = tuple(step / 20 for step in range(1, 15))
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Labelled:
    """A transcript and the intents that may answer it; none: it must be refused."""

    transcript: Transcript
    accepted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What thresholds make of a set."""

    right: int
    wrong: int
    refused: int
    """Questions in the domain: answered rightly, answered as something else, refused."""
    answered: int
    """Off-topic sentences that were answered."""
    silent: int
    """Off-topic sentences that were refused."""

    @property
    def cost(self) -> float:
        """The weighted number of mistakes."""
        return WRONG_COST * (self.wrong + self.answered) + REFUSAL_COST * self.refused

    @property
    def standard_error(self) -> float:
        """How far the cost would stray by chance on another set like this one."""
        costly = WRONG_COST**2 * (self.wrong + self.answered)
        return math.sqrt(costly + REFUSAL_COST**2 * self.refused)


class Calibration:
    """A set matched once, for trying thresholds on."""

    def __init__(self, matcher: Matcher, cases: Iterable[Labelled]) -> None:
        self._matcher = matcher
        self._cases = [
            (matcher.consider(case.transcript, unseen=True), case.accepted) for case in cases
        ]
        if not self._cases:
            raise EvaluationError(
                "There is nothing to calibrate on.", "Name a set with sentences in its dev half."
            )

    def outcome(self, limits: ThresholdsFile) -> Outcome:
        """Return what ``limits`` make of the set."""
        right = wrong = refused = answered = silent = 0
        for evidence, accepted in self._cases:
            found = self._matcher.decide(evidence, limits)
            if isinstance(found, Match):
                right += found.intent in accepted
                wrong += bool(accepted) and found.intent not in accepted
                answered += not accepted
            else:
                refused += bool(accepted)
                silent += not accepted
        return Outcome(right, wrong, refused, answered, silent)

    def best(self, start: ThresholdsFile, command: str, today: dt.date) -> ThresholdsFile:
        """Return the thresholds in the middle of the cheapest, searched from ``start``.

        Confidences and the share of unknown words are searched only where something was spoken;
        typed sentences say nothing about them.
        """
        limits = start
        for _ in range(2):  # the two groups hardly touch, so a second round settles both
            limits = self._searched(
                limits,
                [
                    {"accept_score": score, "margin": margin}
                    for score, margin in itertools.product(_SCORES, _MARGINS)
                ],
            )
            if any(_spoken(evidence) for evidence, _ in self._cases):
                for name in ("anchor_confidence", "mean_confidence"):
                    limits = self._searched(limits, [{name: value} for value in _CONFIDENCES])
                shares = [{"unknown_share": share} for share in _UNKNOWN_SHARES]
                limits = self._searched(limits, shares)
        return msgspec.structs.replace(limits, command=command, calibrated=today)

    def _searched(
        self, limits: ThresholdsFile, choices: Sequence[dict[str, float]]
    ) -> ThresholdsFile:
        tried = [(msgspec.structs.replace(limits, **choice), choice) for choice in choices]
        outcomes = [self.outcome(candidate) for candidate, _ in tried]
        least = min(outcomes, key=lambda outcome: outcome.cost)
        most = least.cost + least.standard_error + _TOLERANCE
        cheap = [pair for pair, got in zip(tried, outcomes, strict=True) if got.cost <= most]
        centre = {
            name: sum(choice[name] for _, choice in cheap) / len(cheap) for name in choices[0]
        }
        spread = {name: max(c[name] for c in choices) or 1.0 for name in choices[0]}
        return min(
            cheap,
            key=lambda pair: sum(abs(pair[1][n] - centre[n]) / spread[n] for n in centre),
        )[0]


def write(folder: Path, limits: ThresholdsFile) -> Path:
    """Write ``limits`` as thresholds.toml into the content ``folder``; return the file.

    The file is replaced at once or not at all. Raises ContentError when it cannot be written.
    """
    file = folder / "thresholds.toml"
    lines = [
        "# How sure the matcher must be; written by the command named below.",
        "",
        *(f"{name} = {getattr(limits, name)!r}" for name in _NUMBERS),
        f"calibrated = {limits.calibrated.isoformat()}",
        f"command = {_quoted(limits.command)}",
        "",
    ]
    try:
        handle, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines))
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except OSError as error:
        raise ContentError(
            f"{file} cannot be written: {error.strerror}.", "Choose a content folder of your own."
        ) from error
    return file


_NUMBERS = ("accept_score", "margin", "anchor_confidence", "mean_confidence", "unknown_share")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _spoken(evidence: Evidence) -> bool:
    return bool(evidence.transcript.words) and not evidence.transcript.typed
