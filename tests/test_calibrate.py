import datetime as dt
import tomllib
from pathlib import Path

import msgspec
import pytest

from tests.small_catalogue import catalogue, thresholds
from voiceskill.calibrate import Calibration, Labelled, Outcome, write
from voiceskill.content.schema import ThresholdsFile
from voiceskill.errors import ContentError, EvaluationError
from voiceskill.events import Transcript, Word
from voiceskill.match import Matcher

MATCHER = Matcher(catalogue())
TODAY = dt.date(2026, 11, 22)


def typed(text: str, *accepted: str) -> Labelled:
    return Labelled(Transcript(text, typed=True), frozenset(accepted))


CASES = [
    typed("why are my legs cramping", "why.legs"),
    typed("so my calf cramps why is that", "why.legs"),
    typed("my hand just won't open up", "relief.hand"),
    typed("does magnesium really work", "myth.magnesium"),
    typed("what's the weather"),
    typed("why does my car not start"),
    typed("does my phone work"),
    typed("my calf was born on a farm"),
]


def test_an_outcome_counts_every_case_once_and_weighs_it() -> None:
    outcome = Calibration(MATCHER, CASES).outcome(thresholds(accept_score=0.0, margin=0.0))
    assert outcome.right + outcome.wrong + outcome.refused == 4
    assert outcome.answered + outcome.silent == 4
    assert Outcome(right=5, wrong=2, refused=3, answered=1, silent=0).cost == 33.0


def test_the_best_thresholds_cost_no_more_than_any_start_but_for_chance() -> None:
    calibration = Calibration(MATCHER, CASES)
    for accept in (60.0, 75.0, 90.0):
        start = thresholds(accept_score=accept, margin=0.0)
        best = calibration.best(start, "a command", TODAY)
        before = calibration.outcome(start)
        assert calibration.outcome(best).cost <= before.cost + before.standard_error
        assert (best.command, best.calibrated) == ("a command", TODAY)


def test_chance_is_the_root_of_the_squared_costs() -> None:
    assert Outcome(right=5, wrong=1, refused=25, answered=0, silent=9).standard_error == 125**0.5
    assert Outcome(right=5, wrong=0, refused=0, answered=0, silent=9).standard_error == 0


def test_typed_sentences_leave_the_confidences_alone() -> None:
    start = thresholds(anchor_confidence=0.33, mean_confidence=0.44, unknown_share=0.55)
    best = Calibration(MATCHER, CASES).best(start, "", TODAY)
    assert (best.anchor_confidence, best.mean_confidence, best.unknown_share) == (0.33, 0.44, 0.55)


def test_spoken_sentences_set_the_confidences() -> None:
    def spoken(text: str, sure: float, *accepted: str) -> Labelled:
        words = tuple(Word(word, 0.0, 0.1, sure) for word in text.split())
        return Labelled(Transcript(text, words), frozenset(accepted))

    cases = [
        spoken("so why are these legs always cramping", 0.9, "why.legs"),
        spoken("why does that calf get cramp", 0.8, "why.legs"),
        spoken("so why are these legs always cramping", 0.4),
        spoken("why does that calf get cramp", 0.3),
    ]
    start = thresholds(margin=0.0, anchor_confidence=0.0, mean_confidence=0.0)
    calibration = Calibration(MATCHER, cases)
    assert calibration.outcome(start).answered == 2
    assert calibration.outcome(calibration.best(start, "", TODAY)).cost == 0


def test_nothing_to_calibrate_on_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="nothing to calibrate"):
        Calibration(MATCHER, [])


def test_what_is_written_can_be_read_back(tmp_path: Path) -> None:
    limits = msgspec.structs.replace(thresholds(accept_score=71.5), command='say "x" \\ y')
    file = write(tmp_path, limits)
    read = msgspec.convert(tomllib.loads(file.read_text()), ThresholdsFile)
    assert read == limits
    assert [f.name for f in tmp_path.iterdir()] == ["thresholds.toml"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be written"):
        write(tmp_path / "missing", thresholds())
