"""The stages in order, with the bundled content and model and real worker processes."""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from voiceskill import wav
from voiceskill.capture import frames_of
from voiceskill.dialogue import CHECK_SECONDS
from voiceskill.events import (
    SAMPLE_RATE_HZ,
    Event,
    Match,
    NoMatch,
    RedFlag,
    Refusal,
    Reply,
    ReplyKind,
    SpeechStarted,
    Spoken,
    Transcript,
    Utterance,
)
from voiceskill.recognise import Recogniser
from voiceskill.session import Session
from voiceskill.settings import Settings

AUDIO = Path(__file__).parent / "audio"
QUESTION = AUDIO / "special" / "question.wav"
"""Why are my legs cramping?"""
SECOND = bytes(2 * SAMPLE_RATE_HZ)

ANSWERED = [Transcript, Match, Reply]
HEARD = [SpeechStarted, Utterance]


class Clock:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def settings(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(model=str(model_folder), cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(settings: Settings, clock: Clock) -> Iterator[Session]:
    with Session(settings, clock=clock) as session:
        yield session


@pytest.fixture(scope="module")
def question() -> bytes:
    return wav.read(QUESTION, Settings())


def kinds(events: Iterable[Event]) -> list[type]:
    return [type(event) for event in events]


def reply(events: Iterable[Event]) -> Reply:
    (found,) = (event for event in events if isinstance(event, Reply))
    return found


def test_a_typed_question_is_answered(session: Session) -> None:
    events = list(session.hear_text("why are my legs cramping?"))
    assert kinds(events) == ANSWERED
    assert reply(events).intent == "why.legs"


def test_a_recorded_question_is_answered(session: Session, question: bytes) -> None:
    events = list(session.hear_recording(frames_of(question)))
    assert kinds(events) == HEARD + ANSWERED
    assert reply(events).intent == "why.legs"
    assert set(session.stage_seconds) == {"listen", "recognise", "decide"}


def test_a_question_with_a_long_pause_in_it_is_answered(
    session: Session, settings: Settings, question: bytes
) -> None:
    """Two seconds of silence are put between "why are my legs" and "cramping"."""
    with Recogniser(Path(settings.model)) as recogniser:
        heard = recogniser.transcribe(Utterance(question, 0.0, len(question) / 32_000))
    legs = next(word for word in heard.words if word.text.startswith("leg"))
    cut = 2 * round(legs.end_seconds * SAMPLE_RATE_HZ)
    events = list(session.hear_recording(frames_of(question[:cut] + 2 * SECOND + question[cut:])))
    assert kinds(events) == [*HEARD, Transcript, *HEARD, Transcript, *ANSWERED]
    assert reply(events).intent == "why.legs"


def test_a_recording_of_two_questions_is_one_turn(session: Session, question: bytes) -> None:
    events = list(session.hear_recording(frames_of(question + 2 * SECOND + question)))
    assert kinds(events).count(Transcript) == 2
    assert reply(events).intent == "why.legs"


def test_a_silent_recording_is_refused(session: Session) -> None:
    events = list(session.hear_recording(frames_of(4 * SECOND)))
    assert events[0] == NoMatch(Refusal.SILENCE, "")
    assert reply(events).kind is ReplyKind.REFUSAL


def test_danger_wins_and_is_never_matched(session: Session) -> None:
    events = list(session.hear_text("why are my legs cramping, and I can't breathe"))
    assert kinds(events) == [Transcript, RedFlag, Reply]
    assert reply(events).kind is ReplyKind.RED_FLAG


def test_say_that_again_repeats_the_answer_not_the_refusal(session: Session) -> None:
    first = reply(session.hear_text("why are my legs cramping"))
    assert reply(session.hear_text("mumble grumble")).kind is ReplyKind.REFUSAL
    assert reply(session.hear_text("say that again")).sentences == first.sentences
    session.forget()
    assert reply(session.hear_text("say that again")).sentences != first.sentences


def doubtful(session: Session) -> list[Event]:
    """Ask something that raises a danger sign in doubt."""
    table = session.red_flags
    for text in ("my leg is a bit numb", "i might faint", "is it a heart attack"):
        session.forget()
        events = list(session.hear_text(text))
        if any(isinstance(event, RedFlag) and event.doubt for event in events):
            return events
    pytest.fail(f"none of these raises a sign in doubt, of {len(table.flags)} signs")


def test_a_question_about_danger_left_unanswered_counts_as_yes(
    session: Session, clock: Clock
) -> None:
    assert reply(doubtful(session)).kind is ReplyKind.CHECK
    assert list(session.wait()) == []
    clock.seconds += CHECK_SECONDS
    flag, said = session.wait()
    assert isinstance(flag, RedFlag) and not flag.doubt
    assert isinstance(said, Reply) and said.kind is ReplyKind.RED_FLAG
    assert list(session.wait()) == []


def test_a_question_about_danger_answered_with_yes_shows_the_sign(session: Session) -> None:
    doubtful(session)
    events = list(session.hear_text("yes"))
    assert [event.doubt for event in events if isinstance(event, RedFlag)] == [False]
    assert reply(events).kind is ReplyKind.RED_FLAG


def test_a_question_about_danger_answered_with_no_does_not(session: Session) -> None:
    doubtful(session)
    events = list(session.hear_text("no"))
    assert reply(events).kind is not ReplyKind.RED_FLAG


def test_live_sound_is_a_turn_for_each_utterance(session: Session, question: bytes) -> None:
    sound = frames_of(SECOND + question + SECOND + question + SECOND)
    events = list(session.hear(sound))
    assert kinds(events) == (HEARD + ANSWERED) * 2


def test_a_recogniser_that_dies_meanwhile_is_replaced(session: Session, question: bytes) -> None:
    def sound() -> Iterator[bytes]:
        yield SECOND + question + SECOND
        assert session.recogniser_pid is not None
        os.kill(session.recogniser_pid, signal.SIGKILL)
        yield SECOND + question + SECOND

    events = list(session.hear(frames_of(sound())))
    assert kinds(events) == (HEARD + ANSWERED) * 2


def test_speaking_yields_each_sentence_with_its_sound(session: Session) -> None:
    answer = reply(session.hear_text("why are my legs cramping"))
    spoken = list(session.speak(answer))
    assert all(isinstance(event, Spoken) and event.pcm.seconds > 0.5 for event in spoken)
    assert tuple(e.sentence for e in spoken if isinstance(e, Spoken)) == answer.sentences


def test_slower_changes_how_the_next_answer_sounds(session: Session) -> None:
    def spoken_seconds() -> float:
        answer = reply(session.hear_text("why are my legs cramping"))
        return sum(e.pcm.seconds for e in session.speak(answer) if isinstance(e, Spoken))

    usual = spoken_seconds()
    list(session.hear_text("slower"))
    assert spoken_seconds() > 1.1 * usual


def test_nothing_runs_on_after_close(settings: Settings, question: bytes) -> None:
    with Session(settings) as session:
        answer = reply(session.hear_recording(frames_of(question)))
        list(session.speak(answer))
        pid = session.recogniser_pid
        assert pid is not None
    assert not Path(f"/proc/{pid}").exists()
