"""Playing with the real worker process, PortAudio and ALSA; the sound goes into a file."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from array import array
from pathlib import Path

import pytest

from voiceskill.errors import DeviceError
from voiceskill.events import Pcm
from voiceskill.play import Loudspeaker, NoLoudspeaker, available

ROOT = Path(__file__).parents[1]
SYSTEM_CONFIGURATION = Path("/usr/share/alsa/alsa.conf")
TONE = Pcm(22_050, array("h", [9000, -9000] * 11_025).tobytes())
"""One second."""


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that everything played goes into, as raw s16le in stereo or mono."""
    file = tmp_path / "heard.raw"
    configuration = tmp_path / "asound.conf"
    configuration.write_text(
        f'pcm.!default {{ type file; slave.pcm "null"; file "{file}"; format "raw" }}\n'
        "ctl.!default { type hw; card 0 }\n"
        "pcm.null { type null }\n"
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
    return file


@pytest.fixture
def no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a loudspeaker: ALSA without its plug-ins, and no sound server."""
    if Path("/dev/snd").exists():
        pytest.skip("this machine has a sound card")
    if not SYSTEM_CONFIGURATION.is_file():
        pytest.skip(f"there is no {SYSTEM_CONFIGURATION}")
    without_hooks = re.sub(r"(?s)@hooks \[.*?\n\]\n", "", SYSTEM_CONFIGURATION.read_text())
    configuration = tmp_path / "asound.conf"
    configuration.write_text(without_hooks)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))


def loud_seconds(file: Path) -> float:
    samples = array("h")
    samples.frombytes(file.read_bytes())
    return sum(abs(sample) > 5000 for sample in samples) / TONE.rate_hz


def test_everything_played_comes_out_once(heard: Path) -> None:
    with Loudspeaker() as loudspeaker:
        loudspeaker.open()
        assert loudspeaker.play(TONE)
        assert loudspeaker.play(TONE)
        loudspeaker.finish()
    assert 1.99 < loud_seconds(heard) < 2.01


def test_available_says_yes_quietly(heard: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert available()
    assert capfd.readouterr() == ("", "")


def test_available_says_no_quietly(no_output: None, capfd: pytest.CaptureFixture[str]) -> None:
    assert not available()
    assert capfd.readouterr() == ("", "")


def test_without_a_loudspeaker_the_file_is_offered(no_output: None) -> None:
    with Loudspeaker() as loudspeaker, pytest.raises(NoLoudspeaker) as raised:
        loudspeaker.open()
    assert "--out" in raised.value.hint


def test_nothing_to_play_returns_at_once(heard: Path) -> None:
    with Loudspeaker() as loudspeaker:
        assert loudspeaker.play(Pcm(22_050, b""))
        loudspeaker.finish()
        loudspeaker.finish()


def test_another_rate_opens_another_stream(heard: Path) -> None:
    with Loudspeaker() as loudspeaker:
        assert loudspeaker.play(TONE)
        assert loudspeaker.play(Pcm(16_000, TONE.samples))
        loudspeaker.finish()


def test_a_worker_that_dies_is_reported_and_replaced(heard: Path) -> None:
    with Loudspeaker() as loudspeaker:
        loudspeaker.open()
        pid = loudspeaker.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(DeviceError, match="does not take any sound"):
            loudspeaker.play(TONE)
        assert loudspeaker.play(TONE)


def test_a_frozen_worker_is_given_up(heard: Path) -> None:
    with Loudspeaker() as loudspeaker:
        loudspeaker.open()
        assert loudspeaker.worker_pid is not None
        os.kill(loudspeaker.worker_pid, signal.SIGSTOP)
        with pytest.raises(DeviceError, match="does not take any sound"):
            loudspeaker.finish()


def test_a_sound_system_that_aborts_the_process_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PortAudio 19.6 aborts when ALSA's configuration knows no device at all."""
    configuration = tmp_path / "asound.conf"
    configuration.write_text("pcm.null { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
    with Loudspeaker() as loudspeaker, pytest.raises(DeviceError):
        loudspeaker.open()


def test_without_portaudio_the_next_step_is_said() -> None:
    """In a mount namespace of its own, the library's file is hidden behind an empty one."""
    library = next(iter(sorted(Path("/usr/lib").glob("**/libportaudio.so.2"))), None)
    if library is None:
        pytest.skip("the system's PortAudio library was not found, so it cannot be hidden")
    script = (
        "from voiceskill.errors import DeviceError\n"
        "from voiceskill.play import Loudspeaker\n"
        "with Loudspeaker() as loudspeaker:\n"
        "    try:\n"
        "        loudspeaker.open()\n"
        "    except DeviceError as error:\n"
        "        print(error)\n"
    )
    hide = f'mount --bind /dev/null "{library.resolve()}" && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", hide, sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if done.returncode != 0 and ("unshare:" in done.stderr or "mount:" in done.stderr):
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert "sudo apt install libportaudio2" in done.stdout, done.stderr


def test_stop_from_another_thread_cuts_the_sound(heard: Path) -> None:
    """The file takes sound faster than it would be heard, so there is an hour of it."""
    long = Pcm(22_050, bytes(2 * 22_050 * 600))
    with Loudspeaker() as loudspeaker:
        loudspeaker.open()
        outcome: list[bool] = []
        playing = threading.Thread(target=lambda: outcome.append(loudspeaker.play(long)))
        playing.start()
        time.sleep(0.1)
        loudspeaker.stop()
        playing.join(10)
        assert outcome == [False]
        assert loudspeaker.play(TONE)
