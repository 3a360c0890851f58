"""From an evaluation to the matcher's thresholds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from voiceskill import paths
from voiceskill.calibrate import Calibration, Labelled, write
from voiceskill.content import load, read
from voiceskill.evaluate_report import Report
from voiceskill.evaluate_sets import Expect, Half
from voiceskill.match import Matcher
from voiceskill.settings import Settings


def labelled(report: Report) -> list[Labelled]:
    """Return what was heard in the dev half, with the intents that may answer it.

    Danger signs are left out: they never reach the matcher. The test half is left out whatever
    the report holds.
    """
    return [
        Labelled(
            result.transcript,
            frozenset(result.case.accepted if result.case.expect is Expect.INTENT else ()),
        )
        for result in report.results
        if result.transcript is not None
        and result.case.half is Half.DEV
        and result.case.expect in (Expect.INTENT, Expect.REFUSAL)
        and result.red_flag is None
    ]


def write_thresholds(report: Report, settings: Settings, command: str, today: dt.date) -> Path:
    """Choose thresholds on the dev half of ``report`` and write them; return the file.

    Raises EvaluationError when the dev half is empty, ContentError when the content cannot be
    read or written.
    """
    folder = settings.intents or paths.bundled("intents")
    catalogue = load.load(folder, cache=settings.cache)
    calibration = Calibration(Matcher(catalogue), labelled(report))
    limits = calibration.best(catalogue.thresholds, command, today)
    return write(read.language_folder(folder), limits)
