import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from voiceskill import paths
from voiceskill.cli_evaluate import evaluate_command
from voiceskill.errors import EvaluationError
from voiceskill.evaluate import Plan, evaluate
from voiceskill.evaluate_calibrate import labelled
from voiceskill.evaluate_score import Outcome
from voiceskill.evaluate_sets import Half
from voiceskill.settings import Settings

AUDIO = Path(__file__).parent / "audio"
TEXT = """
[[intent]]
id = "why.legs"
say = ["why are my legs cramping"]

[[group]]
redirect = "belly"
say = ["period cramps"]

[[group]]
expect = ["F1"]
say = ["i can't breathe"]

[[utterance]]
text = "why are my legs cramping?"
intent = "myth.pickle"
split = "dev"
"""


@pytest.fixture
def text_set(tmp_path: Path) -> Path:
    path = tmp_path / "set.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(cache=tmp_path_factory.mktemp("cache"))


def few_recordings(folder: Path) -> Path:
    """A manifest of three of the fixtures."""
    entries = [
        ("special/question.wav", "why are my legs cramping", 'intent = "why.legs"'),
        ("special/no-margins.flac", "how long does a cramp last", 'intent = "course.duration"'),
        ("special/silence-4s.flac", "", "refusal = true"),
    ]
    manifest = folder / "manifest.toml"
    for file, _, _ in entries:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).symlink_to(AUDIO / file)
    manifest.write_text(
        "".join(
            f'[[fixture]]\nfile = "{file}"\ntext = "{text}"\n{expected}\n'
            for file, text, expected in entries
        ),
        encoding="utf-8",
    )
    return manifest


def test_sentences_are_judged_by_what_the_program_does(text_set: Path, settings: Settings) -> None:
    report = evaluate(Plan(text_sets=(text_set,)), settings)
    found = {(r.case.text, r.case.accepted): r.outcome for r in report.results}
    assert found == {
        ("why are my legs cramping", ("why.legs",)): Outcome.RIGHT,
        ("period cramps", ()): Outcome.RIGHT,
        ("i can't breathe", ("F1",)): Outcome.RIGHT,
        ("why are my legs cramping?", ("myth.pickle",)): Outcome.WRONG,
    }
    assert report.total.cost == 10


def test_only_the_half_asked_for_is_measured(text_set: Path, settings: Settings) -> None:
    report = evaluate(Plan(text_sets=(text_set,), half=Half.DEV), settings)
    assert {r.case.half for r in report.results} == {Half.DEV}


def test_the_figures_are_the_same_for_any_number_of_jobs(
    tmp_path: Path, text_set: Path, settings: Settings
) -> None:
    plan = Plan(
        text_sets=(text_set,),
        audio_manifests=(few_recordings(tmp_path),),
        noise=("babble", str(AUDIO / "special" / "noise-only-fan.flac")),
        snrs_db=(10.0,),
    )
    seen: list[tuple[int, int]] = []
    alone = evaluate(plan, settings, jobs=1)
    shared = evaluate(plan, settings, jobs=3, progress=lambda *done: seen.append(done))
    assert [without_times(r) for r in alone.as_json()["cases"]] == [
        without_times(r) for r in shared.as_json()["cases"]
    ]
    assert len(alone.results) == 4 + 3 + 2 * 2
    assert seen[-1] == (len(alone.results), len(alone.results))
    by_name = {r.case.name: r for r in alone.results}
    assert by_name["special/question.wav"].outcome is Outcome.RIGHT
    assert by_name["special/silence-4s.flac"].outcome is Outcome.RIGHT
    assert by_name["special/question.wav + babble 10 dB"].audio_seconds > 1.0


def without_times(case: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in case.items() if name != "stage_seconds"}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (Plan(), "nothing to measure"),
        (Plan(text_sets=(Path("nowhere.toml"),)), "nowhere"),
        (Plan(noise=("vacuum",)), "no noise called 'vacuum'"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_says_why(
    plan: Plan, message: str, settings: Settings
) -> None:
    with pytest.raises(EvaluationError, match=message):
        evaluate(plan, settings)


def test_an_error_in_a_worker_reaches_the_caller(text_set: Path, tmp_path: Path) -> None:
    broken = tmp_path / "intents"
    broken.mkdir()
    with pytest.raises(Exception, match="intents"):
        evaluate(Plan(text_sets=(text_set,)), Settings(intents=broken), jobs=2)


def test_the_command_prints_tables_and_writes_json(text_set: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    arguments = ["--text", str(text_set), "--json", str(file), "--mistakes", "-1", "--by", "kind"]
    done = CliRunner().invoke(evaluate_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "right intent" in done.output
    assert "myth.pickle" in done.output
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert figures["all"]["right_share"] == pytest.approx(0.5)
    assert figures["by_set"]["set"]["red_flag_recall"] == pytest.approx(1.0)
    assert len(figures["cases"]) == 4


def test_a_ratio_that_is_no_number_is_named(text_set: Path) -> None:
    with pytest.raises(EvaluationError, match="loud"):
        CliRunner().invoke(
            evaluate_command, ["--text", str(text_set), "--snr", "loud"], catch_exceptions=False
        )


def test_calibration_looks_at_the_dev_half_only_and_writes_the_thresholds(
    tmp_path: Path, text_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents = tmp_path / "intents"
    shutil.copytree(paths.bundled("intents"), intents)
    before = (intents / "en" / "thresholds.toml").read_text(encoding="utf-8")
    monkeypatch.setenv("VOICESKILL_INTENTS", str(intents))
    arguments = ["--text", str(text_set), "--calibrate"]
    done = CliRunner().invoke(evaluate_command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    after = (intents / "en" / "thresholds.toml").read_text(encoding="utf-8")
    assert after != before
    assert "thresholds.toml" in done.stderr
    report = evaluate(Plan(text_sets=(text_set,)), Settings(intents=intents))
    assert {frozenset(case.accepted) for case in labelled(report)} <= {
        frozenset(r.case.accepted) for r in report.results if r.case.half is Half.DEV
    }


def test_the_test_half_is_never_calibrated_on(text_set: Path) -> None:
    arguments = ["--text", str(text_set), "--calibrate", "--half", "test"]
    with pytest.raises(EvaluationError, match="never calibrated"):
        CliRunner().invoke(evaluate_command, arguments, catch_exceptions=False)
