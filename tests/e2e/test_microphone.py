"""The microphone of a private PulseAudio server, spoken into with a recording."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voiceskill.events import FRAME_SAMPLES, SAMPLE_RATE_HZ

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
NEEDED = ("pulseaudio", "pactl", "paplay")
TONE_HZ = 440
TONE_SECONDS = 1.5

LISTEN = """
import os, sys
from voiceskill.capture import microphone
from voiceskill.errors import DeviceError
try:
    with microphone() as mic:
        for frame in mic:
            assert mic.dropped_frames == 0
            sys.stdout.buffer.write(frame.pcm)
            sys.stdout.buffer.flush()
except DeviceError as error:
    sys.stderr.write(str(error))
    sys.stderr.flush()
    os._exit(error.exit_code)
"""


@dataclass(frozen=True)
class Room:
    """A machine whose only microphone is a virtual one."""

    environment: dict[str, str]
    server: subprocess.Popen[bytes]
    heard: Path

    def listen(self) -> subprocess.Popen[bytes]:
        with self.heard.open("wb") as out:
            return subprocess.Popen(
                [sys.executable, "-c", LISTEN],
                stdout=out,
                stderr=subprocess.PIPE,
                env=self.environment,
            )

    def heard_bytes(self) -> int:
        return self.heard.stat().st_size


def wait_for(condition: Callable[[], bool], failure: str) -> None:
    for _ in range(1500):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(failure)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (pulseaudio, pulseaudio-utils)")
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        pytest.skip("not installed: ALSA's PulseAudio plug-in (libasound2-plugins)")
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    socket = runtime / "pulse.socket"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_SERVER": f"unix:{socket}",
    }
    # norewinds: without it a null sink's monitor delivers nothing for two seconds.
    sink = f"module-null-sink sink_name=mic rate={SAMPLE_RATE_HZ} channels=1 norewinds=1"
    server = subprocess.Popen(
        [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
            f"--load={sink}",
        ],
        env=environment,
        stderr=subprocess.DEVNULL,
    )

    def ready() -> bool:
        command = ["pactl", "set-default-source", "mic.monitor"]
        quiet = subprocess.DEVNULL
        return subprocess.run(command, env=environment, stderr=quiet, check=False).returncode == 0

    wait_for(ready, "the sound server does not start")
    yield Room(environment, server, tmp_path / "heard.raw")
    server.kill()
    server.wait()


def test_what_is_spoken_arrives(room: Room, tmp_path: Path) -> None:
    times = np.arange(int(TONE_SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * TONE_HZ * times)
    soundfile.write(tmp_path / "tone.wav", tone, SAMPLE_RATE_HZ)
    listener = room.listen()
    wait_for(lambda: room.heard_bytes() > 0, "the microphone gives nothing")
    command = ["paplay", "--device=mic", str(tmp_path / "tone.wav")]
    subprocess.run(command, env=room.environment, check=True)
    after = room.heard_bytes() + 2 * SAMPLE_RATE_HZ
    wait_for(lambda: room.heard_bytes() > after, "the microphone has stopped")
    listener.kill()
    _, complaint = listener.communicate()
    assert complaint == b""
    heard = np.fromfile(room.heard, "<i2").astype(float) / 32768
    heard = heard[: len(heard) // FRAME_SAMPLES * FRAME_SAMPLES]
    loud = np.abs(heard.reshape(-1, FRAME_SAMPLES)).max(axis=1) > 0.25
    assert loud.sum() * FRAME_SAMPLES / SAMPLE_RATE_HZ == pytest.approx(TONE_SECONDS, abs=0.1)
    first = int(np.argmax(loud)) + 2
    middle = heard[first * FRAME_SAMPLES : (first + 16) * FRAME_SAMPLES]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * SAMPLE_RATE_HZ / len(middle) == pytest.approx(TONE_HZ, abs=4)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_a_microphone_that_goes_deaf_is_noticed(room: Room, fault: signal.Signals) -> None:
    listener = room.listen()
    wait_for(lambda: room.heard_bytes() > 0, "the microphone gives nothing")
    room.server.send_signal(fault)
    try:
        _, complaint = listener.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        listener.kill()
        listener.communicate()
        pytest.fail("nothing was noticed for a minute")
    assert listener.returncode == 9
    # PortAudio itself writes a line before, when the server is gone.
    last = complaint.decode().splitlines()[-1]
    assert last.startswith("The microphone has stopped giving sound.")
