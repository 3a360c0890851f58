"""PCM into frames, and the microphone where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceskill import capture
from voiceskill.capture import FRAME_BYTES, QUEUE_FRAMES, frames_of, microphone
from voiceskill.events import FRAME_SECONDS


@given(st.binary(max_size=10_000), st.lists(st.integers(0, 3_000), max_size=10))
def test_no_sample_is_lost_however_it_arrives(pcm: bytes, sizes: Sequence[int]) -> None:
    chunks, at = [], 0
    for size in sizes:
        chunks.append(pcm[at : at + size])
        at += size
    frames = list(frames_of([*chunks, pcm[at:]]))
    assert frames == list(frames_of(pcm))
    assert all(len(frame.pcm) == FRAME_BYTES for frame in frames)
    whole = pcm[: len(pcm) // 2 * 2]
    joined = b"".join(frame.pcm for frame in frames)
    assert joined[: len(whole)] == whole
    assert not any(joined[len(whole) :]), "filled up with silence"
    assert len(joined) - len(whole) < FRAME_BYTES


def test_a_full_last_frame_is_sent_once() -> None:
    frames = list(frames_of(b"\1\0" * 1024))
    assert [frame.start_seconds for frame in frames] == [0.0, FRAME_SECONDS]


def test_frames_come_as_soon_as_they_are_full() -> None:
    def source() -> object:
        yield b"\1\0" * 600
        raise AssertionError("asked for more than one frame needs")

    assert next(frames_of(source())).start_seconds == 0.0


WITHOUT_MICROPHONE = """
from voiceskill import capture
from voiceskill.errors import DeviceError
try:
    with capture.microphone():
        print("opened")
except DeviceError as error:
    print(error)
"""


def run(code: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=True,
    )
    return found.stdout


def test_without_a_microphone_it_says_what_to_do() -> None:
    # A name nobody has: the machine that runs this may well have a microphone.
    code = WITHOUT_MICROPHONE.replace("microphone()", "microphone('no such device')")
    assert run(code).strip() == (
        "No microphone called 'no such device' found. "
        "Plug one in, or try: voiceskill ask question.wav"
    )


def test_without_portaudio_it_says_what_to_install() -> None:
    # sounddevice raises OSError while being imported when the library is missing.
    hide = "import ctypes.util, sys\nctypes.util.find_library = lambda name: None\n"
    assert "apt-get install libportaudio2" in run(hide + WITHOUT_MICROPHONE)


def status(*, overflow: bool = False) -> SimpleNamespace:
    return SimpleNamespace(input_overflow=overflow)


def test_a_reader_that_is_too_slow_loses_frames_and_they_are_counted() -> None:
    mic = microphone()
    for _ in range(QUEUE_FRAMES + 5):
        mic._take(b"\0" * FRAME_BYTES, 512, None, status())
    assert mic.dropped_frames == 5
    mic._take(b"\0" * FRAME_BYTES, 512, None, status(overflow=True))
    assert mic.dropped_frames == 7


def test_a_lost_frame_leaves_a_gap_in_the_times() -> None:
    mic = microphone()
    for _ in range(QUEUE_FRAMES + 3):
        mic._take(b"\0" * FRAME_BYTES, 512, None, status())
    for _ in range(QUEUE_FRAMES):
        last = mic._queue.get_nowait()
    mic._take(b"\0" * FRAME_BYTES, 512, None, status())
    after = mic._queue.get_nowait()
    assert after.start_seconds - last.start_seconds == pytest.approx(4 * FRAME_SECONDS)


def test_a_microphone_that_is_not_open_has_no_frames() -> None:
    assert list(capture.microphone()) == []
