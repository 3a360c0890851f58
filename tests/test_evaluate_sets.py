from pathlib import Path

import pytest

from voiceskill.errors import EvaluationError
from voiceskill.evaluate_sets import Expect, Half, half_of, load_audio, load_text, with_noise

HERE = Path(__file__).parent
TEXT = """
[[intent]]
id = "why.legs"
also = ["why.night"]
slots = { part = "leg" }
say = ["why are my legs cramping", "legs cramping why"]

[[group]]
kind = "belly"
redirect = "belly"
say = ["stomach cramps"]

[[group]]
expect = ["F1", "F9"]
urgency = "emergency"
say = ["i can't breathe"]

[[group]]
say = ["no chest pain"]

[[utterance]]
text = "play music"
refusal = true
split = "dev"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "set.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_kind_of_entry_becomes_cases(tmp_path: Path) -> None:
    cases = load_text(written(tmp_path, TEXT))
    found = {case.text: (case.expect, case.accepted, case.group) for case in cases}
    assert found == {
        "why are my legs cramping": (Expect.INTENT, ("why.legs", "why.night"), "set"),
        "legs cramping why": (Expect.INTENT, ("why.legs", "why.night"), "set"),
        "stomach cramps": (Expect.REFUSAL, (), "set/belly"),
        "i can't breathe": (Expect.RED_FLAG, ("F1", "F9"), "set"),
        "no chest pain": (Expect.NO_RED_FLAG, (), "set"),
        "play music": (Expect.REFUSAL, (), "set"),
    }
    assert {case.half for case in cases if case.text == "play music"} == {Half.DEV}


def test_the_half_is_of_the_words_not_of_their_spelling() -> None:
    assert half_of("Why are my legs cramping?") is half_of("why are my legs cramping")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[utterance]]\ntext = "x"\nintnt = "y"\n', "intnt"),
        ('[[utterance]]\ntext = "x"\nintent = "y"\nrefusal = true\n', "more than one"),
        ("[[utterance\n", "set.toml"),
        ("", "no sentences"),
    ],
)
def test_a_bad_set_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        load_text(written(tmp_path, text))


def test_a_missing_set_and_a_missing_recording_are_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"nowhere\.toml"):
        load_text(tmp_path / "nowhere.toml")
    manifest = written(tmp_path, '[[fixture]]\nfile = "a.wav"\ntext = ""\nrefusal = true\n')
    with pytest.raises(EvaluationError, match=r"a\.wav is missing"):
        load_audio(manifest)


@pytest.mark.parametrize("path", sorted((HERE / "utterances").glob("*.toml")), ids=lambda p: p.stem)
def test_the_projects_own_sets_can_be_read_and_have_both_halves(path: Path) -> None:
    if "[[dialogue]]" in path.read_text(encoding="utf-8"):
        pytest.skip("a script of dialogues, not a set of sentences")
    assert {case.half for case in load_text(path)} == {Half.DEV, Half.TEST}


def test_noise_is_added_to_clean_recordings_of_speech_only() -> None:
    recorded = load_audio(HERE / "audio" / "manifest.toml")
    noisy = with_noise(recorded, "babble", (10.0, 5.0))
    clean = [case for case in recorded if case.noise == "none" and case.text]
    assert len(noisy) == 2 * len(clean)
    assert {case.snr_db for case in noisy} == {10.0, 5.0}
    assert {case.mix for case in noisy} == {"babble"}
    assert len({case.name for case in noisy}) == len(noisy)
