"""Every recorded fixture through the whole program: real recogniser, bundled model, no stand-ins.

The bars are shares of many files, so that one file that fails is seen in the message and not hidden
by a threshold of its own. What the files are is in audio/README.md.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from voiceskill.evaluate import Plan, evaluate
from voiceskill.evaluate_score import Outcome, Result, Tally, tally
from voiceskill.evaluate_sets import Expect, load_audio
from voiceskill.settings import Settings

AUDIO = Path(__file__).parent / "audio"
MANIFEST = AUDIO / "manifest.toml"
RESERVED = {"joe", "ked", "rms", "af_heart", "am_michael", "bm_george"}
LARGEST_BYTES = 8_400_000
SUFFIXES = {".flac", ".wav", ".ogg"}

pytestmark = pytest.mark.timeout(900)

under_trained = pytest.mark.xfail(
    strict=False,
    reason="the bundled acoustic model is under-trained; its figures are in the model card",
)
"""On bars that are not met yet, or only in some runs; the mark goes with the next better model."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, ...]:
    """What came of every fixture, each asked once, by two copies of the program."""
    settings = Settings(cache=tmp_path_factory.mktemp("cache"))
    return evaluate(Plan(audio_manifests=(MANIFEST,)), settings, jobs=2).results


def told(results: tuple[Result, ...]) -> str:
    """One line for every result that is not right."""
    return "\n" + "\n".join(
        f"{r.outcome.value:11} {r.case.name}: said {r.case.text!r}, heard {r.heard!r}, "
        f"wanted {'|'.join(r.case.accepted) or r.case.expect.value}, "
        f"got {r.red_flag or r.intent or r.reason}"
        for r in results
        if r.outcome is not Outcome.RIGHT
    )


def chosen(results: tuple[Result, ...], wanted: Callable[[Result], bool]) -> Tally:
    return tally(r for r in results if wanted(r))


def test_the_manifest_and_the_folder_name_the_same_files() -> None:
    named = [entry["file"] for entry in tomllib.loads(MANIFEST.read_text("utf-8"))["fixture"]]
    there = {
        path.relative_to(AUDIO).as_posix() for path in AUDIO.rglob("*") if path.suffix in SUFFIXES
    }
    assert len(named) == len(set(named))
    assert set(named) == there


def test_the_set_is_as_broad_as_it_claims() -> None:
    cases = load_audio(MANIFEST)
    assert len(cases) >= 100
    assert {case.voice for case in cases} - {"-"} == RESERVED
    clean = [case for case in cases if case.expect is Expect.INTENT and case.noise == "none"]
    assert {case.voice for case in clean} == RESERVED
    assert len({case.accepted[0] for case in clean}) >= 50
    assert {case.snr_db for case in cases} >= {20.0, 10.0, 5.0}
    assert {case.noise for case in cases} >= {"babble", "fan", "kitchen"}
    assert sum(case.expect is Expect.REFUSAL and bool(case.text) for case in cases) >= 20
    assert len({case.text for case in cases if case.expect is Expect.RED_FLAG}) >= 12
    assert sum(case.audio.stat().st_size for case in cases if case.audio) <= LARGEST_BYTES


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels", "subtype"),
    [
        ("telephone-8khz.wav", 8000, 1, "PCM_16"),
        ("mu-law-8khz.wav", 8000, 1, "ULAW"),
        ("stereo-48khz.flac", 48000, 2, "PCM_16"),
        ("studio-44khz-24bit.flac", 44100, 1, "PCM_24"),
        ("unsigned-8bit-22khz.wav", 22050, 1, "PCM_U8"),
        ("vorbis.ogg", 16000, 1, "VORBIS"),
    ],
)
def test_the_formats_are_what_their_names_say(
    name: str, rate_hz: int, channels: int, subtype: str
) -> None:
    info = soundfile.info(AUDIO / "special" / name)
    assert (info.samplerate, info.channels, info.subtype) == (rate_hz, channels, subtype)


@under_trained
def test_clean_questions_by_unseen_voices(results: tuple[Result, ...]) -> None:
    clean = chosen(results, lambda r: r.case.group == "clean")
    assert clean.questions >= 50
    assert clean.right / clean.questions >= 0.95, told(clean.results)


@under_trained
def test_questions_in_noise(results: tuple[Result, ...]) -> None:
    noisy = chosen(
        results, lambda r: r.case.group == "noise" and r.case.snr_db is not None
        and r.case.snr_db >= 10.0
    )  # fmt: skip
    assert noisy.questions >= 15
    assert noisy.right / noisy.questions >= 0.85, told(noisy.results)


def test_understanding_has_not_got_worse(results: tuple[Result, ...]) -> None:
    """What the bundled model reached when it was made, less two files; raised with each model."""
    clean = chosen(results, lambda r: r.case.group == "clean")
    assert clean.right >= 43, told(clean.results)
    dangers = chosen(results, lambda r: r.case.expect is Expect.RED_FLAG)
    assert dangers.caught >= 19, told(dangers.results)


def test_off_topic_talk_is_not_answered(results: tuple[Result, ...]) -> None:
    talk = chosen(results, lambda r: r.case.expect is Expect.REFUSAL)
    assert talk.off_topic >= 25
    assert talk.off_topic_answered / talk.off_topic <= 0.05, told(talk.results)


@under_trained
def test_danger_signs_are_caught(results: tuple[Result, ...]) -> None:
    dangers = chosen(results, lambda r: r.case.expect is Expect.RED_FLAG)
    assert dangers.caught / dangers.dangers >= 0.90, told(dangers.results)


def test_false_alarms_are_rare(results: tuple[Result, ...]) -> None:
    harmless = chosen(results, lambda r: r.case.expect is not Expect.RED_FLAG)
    assert harmless.false_alarms / harmless.harmless <= 0.05, told(harmless.results)


def test_wrong_answers_are_rarest(results: tuple[Result, ...]) -> None:
    everything = tally(results)
    assert everything.answered_wrongly / len(results) <= 0.02, told(results)


@under_trained
def test_awkward_recordings_are_understood(results: tuple[Result, ...]) -> None:
    awkward = chosen(
        results, lambda r: r.case.group == "special" and r.case.expect is Expect.INTENT
    )
    assert awkward.right / awkward.questions >= 0.85, told(awkward.results)


@pytest.mark.parametrize("name", [
    "silence-4s.flac", "room-tone-4s.flac", "ramble-60s.ogg",
    "noise-only-babble.flac", "noise-only-fan.flac", "noise-only-kitchen.flac",
])  # fmt: skip
def test_nothing_and_rambling_are_never_answered(results: tuple[Result, ...], name: str) -> None:
    (found,) = [r for r in results if r.case.name == f"special/{name}"]
    assert found.outcome is Outcome.RIGHT, told((found,))
