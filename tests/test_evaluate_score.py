from dataclasses import replace
from pathlib import Path

import pytest

from voiceskill.evaluate_report import BREAKDOWNS, Report
from voiceskill.evaluate_score import Outcome, Result, judge, tally, word_errors
from voiceskill.evaluate_sets import Case, Expect

QUESTION = Case("q", "why are my legs cramping", Expect.INTENT, ("why.legs", "why.night"))
CHATTER = Case("c", "play some music", Expect.REFUSAL)
DANGER = Case("d", "i can't breathe", Expect.RED_FLAG, ("F1",))
CALM = Case("n", "no chest pain at all", Expect.NO_RED_FLAG)


@pytest.mark.parametrize(
    ("case", "intent", "red_flag", "outcome"),
    [
        (QUESTION, "why.legs", None, Outcome.RIGHT),
        (QUESTION, "why.night", None, Outcome.RIGHT),
        (QUESTION, "why.feet", None, Outcome.WRONG),
        (QUESTION, None, None, Outcome.REFUSED),
        (QUESTION, None, "F1", Outcome.FALSE_ALARM),
        (CHATTER, None, None, Outcome.RIGHT),
        (CHATTER, "why.legs", None, Outcome.WRONG),
        (CHATTER, None, "F9", Outcome.FALSE_ALARM),
        (DANGER, None, "F1", Outcome.RIGHT),
        (DANGER, None, "F9", Outcome.RIGHT),
        (DANGER, None, None, Outcome.MISSED),
        (DANGER, "why.legs", None, Outcome.WRONG),
        (CALM, "why.legs", None, Outcome.RIGHT),
        (CALM, None, "F1", Outcome.FALSE_ALARM),
    ],
)
def test_outcomes(case: Case, intent: str | None, red_flag: str | None, outcome: Outcome) -> None:
    assert judge(case, intent, red_flag) is outcome


def result(case: Case, intent: str | None = None, red_flag: str | None = None) -> Result:
    reason = None if intent or red_flag else "low_score"
    return Result(case, judge(case, intent, red_flag), case.text, intent, red_flag, reason, 90.0)


def test_counts_rates_and_cost() -> None:
    counts = tally(
        [
            result(QUESTION, "why.legs"),
            result(QUESTION, "why.feet"),
            result(QUESTION),
            result(QUESTION, red_flag="F2"),
            result(CHATTER),
            result(CHATTER, "why.legs"),
            result(DANGER, red_flag="F9"),
            result(DANGER),
        ]
    )
    assert (counts.questions, counts.right, counts.refused, counts.wrong) == (4, 1, 1, 1)
    assert (counts.off_topic, counts.off_topic_answered) == (2, 1)
    assert (counts.dangers, counts.caught, counts.named_rightly) == (2, 1, 0)
    assert (counts.harmless, counts.false_alarms) == (6, 1)
    assert counts.answered_wrongly == 2
    assert counts.cost == 10 * 3 + 1 + 1


@pytest.mark.parametrize(
    ("said", "heard", "errors", "words"),
    [
        ("Why are my legs cramping?", "why are my legs cramping", 0, 5),
        ("why are my legs cramping", "why my leg cramping now", 3, 5),
        ("Vitamin K2!", "vitamin k two", 0, 3),
        ("", "the", 1, 0),
        ("help", "", 1, 1),
    ],
)
def test_word_errors(said: str, heard: str, errors: int, words: int) -> None:
    assert word_errors(said, heard) == (errors, words)


def test_rates_cover_recordings_only() -> None:
    recorded = replace(QUESTION, audio=Path("q.wav"), noise="fan", snr_db=10.0)
    heard = replace(
        result(recorded, "why.legs"),
        word_errors=1,
        words=5,
        audio_seconds=2.0,
        stage_seconds={"recognise": 0.1, "total": 0.3},
    )
    counts = tally([heard, result(QUESTION)])
    assert counts.word_error_rate == pytest.approx(0.2)
    assert counts.real_time_factor == pytest.approx(0.05)
    assert counts.latency("total", 0.95) == pytest.approx(0.3)
    assert tally([result(QUESTION)]).word_error_rate is None
    assert list(counts.by(BREAKDOWNS["noise"])) == ["fan 10 dB", "none"]


def test_a_report_names_every_mistake_worst_first_and_every_case_in_json() -> None:
    report = Report((result(QUESTION), result(CHATTER, "why.legs"), result(DANGER, red_flag="F1")))
    assert [r.outcome for r in report.mistakes()] == [Outcome.WRONG, Outcome.REFUSED]
    values = report.as_json()
    assert isinstance(values["cases"], list)
    assert len(values["cases"]) == 3
    assert report.mistakes_table().row_count == 2
    assert [table.title for table in report.tables(("noise", "intent"))] == ["all", "intent"]
