"""The bundled model, real recordings and a real worker process that gets hurt."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceskill import wav
from voiceskill.errors import ModelError, RecogniserError
from voiceskill.events import Transcript, Utterance
from voiceskill.recognise import Recogniser
from voiceskill.recognise_protocol import LONGEST_SECONDS, MOST_STREAMS
from voiceskill.settings import Settings

AUDIO = Path(__file__).parent / "audio"
QUESTION = AUDIO / "clean" / "af_heart-can-low-potassium-cause-cramps.flac"
SECOND = 32_000
SILENCE = bytes(SECOND)


@pytest.fixture(scope="module")
def recogniser(model_folder: Path) -> Iterator[Recogniser]:
    with Recogniser(model_folder) as running:
        yield running


@pytest.fixture(scope="module")
def question() -> bytes:
    return wav.read(QUESTION, Settings())


def spoken(pcm: bytes) -> Utterance:
    return Utterance(pcm, 0.0, len(pcm) / SECOND)


def assert_heard(transcript: Transcript) -> None:
    assert {"potassium", "cramps"} <= set(transcript.text.split())


def test_a_recorded_question(recogniser: Recogniser, question: bytes) -> None:
    heard = recogniser.transcribe(spoken(question))
    assert_heard(heard)
    assert not heard.typed
    assert heard.text == " ".join(word.text for word in heard.words)
    assert heard.alternatives[0].text == heard.text
    scores = [each.score for each in heard.alternatives]
    assert scores == sorted(scores, reverse=True)
    times = [(word.start_seconds, word.end_seconds) for word in heard.words]
    assert all(start < end for start, end in times)
    assert times == sorted(times)
    assert times[-1][1] <= len(question) / SECOND + 0.1
    assert all(0 < word.confidence <= 1 for word in heard.words)


def test_silence_and_nothing_are_empty(recogniser: Recogniser) -> None:
    for pcm in (SILENCE, b"", b"\0\0"):
        heard = recogniser.transcribe(spoken(pcm))
        assert heard.text == ""
        assert heard.words == ()


@pytest.mark.parametrize("size", [320, 1024, 6400, 1 << 20])
def test_how_the_audio_arrives_changes_nothing(
    recogniser: Recogniser, question: bytes, size: int
) -> None:
    stream = recogniser.open()
    partials = [
        stream.feed(question[start : start + size]).text for start in range(0, len(question), size)
    ]
    heard = stream.finish()
    assert heard.text == recogniser.transcribe(spoken(question)).text
    if size < 6400:
        assert len(set(partials)) > 2, "words appear one after the other"
        assert "potassium" in partials[-1]


def test_utterances_at_the_same_time_do_not_mix(recogniser: Recogniser, question: bytes) -> None:
    one, two = recogniser.open(), recogniser.open()
    for start in range(0, len(question), 3200):
        one.feed(question[start : start + 3200], partial=False)
        two.feed(SILENCE[:3200], partial=False)
    assert two.finish().text == ""
    assert_heard(one.finish())


def test_an_utterance_left_alone_is_forgotten(recogniser: Recogniser, question: bytes) -> None:
    for _ in range(MOST_STREAMS + 1):
        stream = recogniser.open()
        stream.feed(question[:3200])
        stream.abandon()
    assert_heard(recogniser.transcribe(spoken(question)))


def test_too_many_utterances_are_refused_not_fatal(model_folder: Path, question: bytes) -> None:
    with Recogniser(model_folder) as fresh:
        streams = [fresh.open() for _ in range(MOST_STREAMS)]
        with pytest.raises(RecogniserError, match="open already") as caught:
            fresh.open()
        assert caught.value.hint == "Try again in a moment."
        streams[0].abandon()
        assert_heard(fresh.transcribe(spoken(question)))
        assert fresh.worker_starts == 1


@pytest.mark.parametrize("pcm", [b"\0", bytes(int(LONGEST_SECONDS + 1) * SECOND)])
def test_audio_is_checked_before_the_engine(
    recogniser: Recogniser, question: bytes, pcm: bytes
) -> None:
    starts = recogniser.worker_starts
    with pytest.raises(RecogniserError, match="refused"):
        recogniser.transcribe(spoken(pcm))
    assert_heard(recogniser.transcribe(spoken(question)))
    assert recogniser.worker_starts == starts


def send(recogniser: Recogniser, number: signal.Signals) -> int:
    pid = recogniser.worker_pid
    assert pid is not None
    os.kill(pid, number)
    return pid


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_between_utterances_goes_unnoticed(
    recogniser: Recogniser, question: bytes, number: signal.Signals
) -> None:
    recogniser.open().abandon()
    pid = send(recogniser, number)
    assert_heard(recogniser.transcribe(spoken(question)))
    assert recogniser.worker_pid != pid


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGSTOP])
def test_a_crash_or_a_spin_in_an_utterance_asks_to_say_it_again(
    recogniser: Recogniser, question: bytes, number: signal.Signals
) -> None:
    stream = recogniser.open()
    stream.feed(question[:SECOND])
    # A stopped process is, seen from here, one that spins.
    pid = send(recogniser, number)
    with pytest.raises(RecogniserError) as caught:
        stream.feed(question[SECOND:])
        stream.feed(question[SECOND:])
    assert caught.value.hint == "Please say that again."
    assert recogniser.worker_pid not in (None, pid), "the next worker is loading already"
    assert_heard(recogniser.transcribe(spoken(question)))


def test_the_rest_of_an_utterance_that_was_lost_is_refused(
    recogniser: Recogniser, question: bytes
) -> None:
    stream = recogniser.open()
    stream.feed(question[:SECOND])
    send(recogniser, signal.SIGKILL)
    recogniser.open().abandon()
    with pytest.raises(RecogniserError, match="not open") as caught:
        stream.finish()
    assert caught.value.hint == "Please say that again."


def damaged(model_folder: Path, target: Path, name: str, content: bytes | None) -> Path:
    shutil.copytree(model_folder, target)
    if content is None:
        (target / name).unlink()
    else:
        (target / name).write_bytes(content)
    return target


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (name, content)
        for name in ("am/final.mdl", "graph/HCLG.fst", "conf/mfcc.conf")
        for content in (None, b"", b"\0B<Nonsense> ")
        # Vosk takes an empty configuration for the defaults; only checksums notice.
        if (name, content) != ("conf/mfcc.conf", b"")
    ],
)
def test_a_damaged_model_is_an_error_with_a_next_step(
    model_folder: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    folder = damaged(model_folder, tmp_path / "model", name, content)
    with Recogniser(folder) as broken, pytest.raises(ModelError) as caught:
        broken.transcribe(spoken(SILENCE))
    assert "voiceskill models verify" in caught.value.hint


def test_a_missing_model_folder(tmp_path: Path) -> None:
    with Recogniser(tmp_path / "nowhere") as broken, pytest.raises(ModelError):
        broken.open()


def test_closing_ends_the_worker(model_folder: Path) -> None:
    recogniser = Recogniser(model_folder)
    recogniser.start()
    pid = recogniser.worker_pid
    assert pid is not None
    recogniser.close()
    assert recogniser.worker_pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    recogniser.close()
