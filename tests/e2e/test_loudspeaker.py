"""``voiceskill ask`` through a virtual loudspeaker of a private PulseAudio server, recorded."""

import os
import shutil
import signal
import subprocess
import sys
import time
import wave
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
RATE_HZ = 22_050
QUESTION = "why are my legs cramping"
NEEDED = ("pulseaudio", "pactl", "parec")
LOUD = 300
WINDOW_SECONDS = 0.02


@dataclass(frozen=True)
class Room:
    """A machine whose only loudspeaker is recorded."""

    environment: dict[str, str]
    server_pid: int

    def ask(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "voiceskill", "ask", *arguments],
            # A shell's background job ignores Ctrl-C, and its children would as well.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )

    @contextmanager
    def recording(self, file: Path) -> Iterator[None]:
        """Record what the loudspeaker plays into ``file``."""
        command = ["parec", "--device=virtual_speaker.monitor", "--format=s16le", "--channels=1"]
        with file.open("wb") as out:
            recorder = subprocess.Popen(
                [*command, f"--rate={RATE_HZ}", "--latency-msec=20"],
                stdout=out,
                env=self.environment,
            )
        try:
            wait_for(lambda: file.stat().st_size > 0, "the recorder hears nothing at all")
            yield
        finally:
            recorder.kill()
            recorder.wait(10)


def wait_for(condition, failure: str) -> None:
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
    plugins = list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so"))
    if not plugins:
        pytest.skip("not installed: ALSA's PulseAudio plug-in (libasound2-plugins)")
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    # norewinds: without it a null sink's monitor delivers nothing for two seconds.
    sink = "module-null-sink sink_name=virtual_speaker rate=22050 channels=1 norewinds=1"
    socket = runtime / "pulse.socket"
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1",
         f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}", f"--load={sink}"],
        env=environment,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    environment["PULSE_SERVER"] = f"unix:{socket}"
    try:
        wait_for(socket.exists, "the sound server does not start")
        yield Room(environment, server.pid)
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(10)


def loud_windows(file: Path) -> list[bool]:
    samples = array("h")
    data = file.read_bytes()
    samples.frombytes(data[: len(data) // 2 * 2])
    window = round(WINDOW_SECONDS * RATE_HZ)
    return [
        max(map(abs, samples[start : start + window])) > LOUD
        for start in range(0, len(samples), window)
    ]


def test_the_answer_is_heard_whole(room: Room, tmp_path: Path) -> None:
    kept = tmp_path / "answer.wav"
    with room.ask("--text", QUESTION, "--out", str(kept)) as asking:
        _, errors = asking.communicate(timeout=120)
    assert asking.returncode == 0, errors
    heard = tmp_path / "heard.raw"
    with room.recording(heard):
        with room.ask("--text", QUESTION) as asking:
            shown, errors = asking.communicate(timeout=120)
        time.sleep(0.5)
    assert asking.returncode == 0 and errors == "", errors
    assert "Understood: why.legs" in shown
    loud = loud_windows(heard)
    assert any(loud), "the loudspeaker stayed silent"
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    with wave.open(str(kept)) as file:
        expected_seconds = file.getnframes() / file.getframerate()
    heard_seconds = (last - first) * WINDOW_SECONDS
    assert 0.85 * expected_seconds < heard_seconds < 1.25 * expected_seconds + 1.0
    # Speech, with its pauses between words, and not one long tone.
    assert 0.4 < sum(loud) / (last - first) < 0.98


def test_ctrl_c_silences_it(room: Room, tmp_path: Path) -> None:
    heard = tmp_path / "heard.raw"
    with room.recording(heard):
        with room.ask("--text", QUESTION) as asking:
            wait_for(lambda: any(loud_windows(heard)), "the loudspeaker stayed silent")
            asking.send_signal(signal.SIGINT)
            _, errors = asking.communicate(timeout=30)
        time.sleep(0.5)
        silent_from = heard.stat().st_size
        wait_for(lambda: heard.stat().st_size > silent_from + RATE_HZ, "the recorder stopped")
    assert asking.returncode == 130
    assert "Traceback" not in errors
    assert not any(loud_windows(heard)[silent_from // 2 // round(WINDOW_SECONDS * RATE_HZ) + 1 :])


def test_a_frozen_sound_server_costs_the_sound_only(room: Room, tmp_path: Path) -> None:
    heard = tmp_path / "heard.raw"
    with room.recording(heard), room.ask("--text", QUESTION) as asking:
        wait_for(lambda: any(loud_windows(heard)), "the loudspeaker stayed silent")
        os.kill(room.server_pid, signal.SIGSTOP)
        shown, errors = asking.communicate(timeout=60)
    assert asking.returncode == 9
    assert "Understood: why.legs" in shown and "Sources:" in shown
    assert errors.startswith("voiceskill: The loudspeaker does not take any sound.")
    assert "Traceback" not in errors
