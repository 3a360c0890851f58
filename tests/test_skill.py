"""The Python API, with the bundled content and model and real worker processes."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceskill import Settings, Skill
from voiceskill.errors import AudioError
from voiceskill.events import Reply, ReplyKind, Spoken, Transcript
from voiceskill.skill import PAUSE_SECONDS

ROOT = Path(__file__).parents[1]
AUDIO = Path(__file__).parent / "audio"
QUESTION = AUDIO / "special" / "question.wav"
"""Why are my legs cramping?"""


@pytest.fixture(scope="module")
def settings(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(model=str(model_folder), cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def skill(settings: Settings) -> Iterator[Skill]:
    with Skill(settings) as skill:
        yield skill


def test_a_recording_is_answered(skill: Skill) -> None:
    answer = skill.ask(str(QUESTION))
    assert answer.transcript.text.startswith("why are my")
    assert answer.intent == "why.legs"
    assert answer.slots == {"part": "leg"}
    assert answer.score > 90
    assert answer.reason is None and answer.red_flag is None
    assert answer.kind is ReplyKind.ANSWER
    assert len(answer.reply) >= 2 and all(answer.reply)
    assert answer.sources and all(source.url.startswith("https://") for source in answer.sources)
    assert isinstance(answer.events[-1], Reply)
    assert set(answer.stage_seconds) == {"listen", "recognise", "decide"}


def test_text_and_recording_are_answered_alike(skill: Skill) -> None:
    written, spoken = skill.ask_text("Why are my legs cramping?"), skill.ask(QUESTION)
    assert written.transcript.typed and not spoken.transcript.typed
    assert (written.intent, written.reply) == (spoken.intent, spoken.reply)


def test_an_answer_is_frozen(skill: Skill) -> None:
    answer = skill.ask_text("why are my legs cramping")
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.intent = "why.feet"  # type: ignore[misc]


def test_the_answer_as_sound_holds_every_sentence(skill: Skill) -> None:
    answer = skill.ask_text("why are my legs cramping")
    sentences = [e.pcm.seconds for e in skill.speak(answer) if isinstance(e, Spoken)]
    pauses = PAUSE_SECONDS * (len(sentences) - 1)
    assert answer.pcm().seconds == pytest.approx(sum(sentences) + pauses, abs=0.01)


def test_a_refusal_says_why(skill: Skill) -> None:
    answer = skill.ask_text("mumble grumble")
    assert answer.intent is None and answer.reason is not None
    assert answer.kind is ReplyKind.REFUSAL and answer.reply
    assert answer.sources == () and answer.slots == {}


def test_a_danger_sign_is_named_and_nothing_is_matched(skill: Skill) -> None:
    answer = skill.ask_text("there is a crushing pain in my chest and my legs are cramping")
    assert answer.red_flag is not None and answer.intent is None
    assert answer.kind is ReplyKind.RED_FLAG


def test_the_conversation_goes_on_until_it_is_forgotten(skill: Skill) -> None:
    first = skill.ask_text("why are my legs cramping")
    assert skill.ask_text("say that again").reply == first.reply
    skill.forget()
    assert skill.ask_text("say that again").reply != first.reply


def test_nothing_follows_when_no_question_is_waiting(skill: Skill) -> None:
    skill.ask_text("why are my legs cramping")
    assert skill.unanswered() is None


def test_a_recording_with_pauses_keeps_all_that_was_heard(skill: Skill) -> None:
    answer = skill.ask(AUDIO / "special" / "silence-4s.flac")
    assert answer.transcript == Transcript("")
    assert answer.reason == "silence"


def test_a_recording_that_cannot_be_used_is_refused_before_compiling(tmp_path: Path) -> None:
    """Nothing is cached here, so the graph would have to be compiled first."""
    compiled: list[bool] = []
    settings = Settings(cache=tmp_path)
    skill = Skill(settings, on_compile=lambda: compiled.append(True))
    with skill, pytest.raises(AudioError):
        skill.ask(tmp_path / "missing.wav")
    assert compiled == []


def test_close_ends_every_process(settings: Settings) -> None:
    def children() -> set[str]:
        return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())

    before = children()
    with Skill(settings) as skill:
        skill.session.voice.start()
        skill.ask(QUESTION)
        assert len(children() - before) == 2
    assert children() == before


def test_importing_the_package_is_light() -> None:
    script = (
        "import sys, voiceskill\n"
        "heavy = {'numpy', 'vosk', 'pyttsx3', 'click', 'msgspec', 'voiceskill.session'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from voiceskill import Settings\n"
        "assert 'voiceskill.session' not in sys.modules\n"
        "from voiceskill import Answer, Skill\n"
        "assert 'numpy' not in sys.modules and 'vosk' not in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env=environment)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import voiceskill

    with pytest.raises(AttributeError, match="Skil"):
        voiceskill.Skil  # noqa: B018
