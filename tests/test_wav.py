"""Recordings of every kind, good and bad, through the reader."""

from __future__ import annotations

import io
import os
import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voiceskill import wav
from voiceskill.errors import AudioError
from voiceskill.events import SAMPLE_RATE_HZ
from voiceskill.settings import Settings

TONE_HZ = 440
SECONDS = 0.5
SETTINGS = Settings()


def tone(rate_hz: int = SAMPLE_RATE_HZ, seconds: float = SECONDS) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(round(rate_hz * seconds)) / rate_hz)


def recording(
    path: Path,
    *,
    rate_hz: int = SAMPLE_RATE_HZ,
    channels: int = 1,
    kind: str = "WAV",
    subtype: str | None = "PCM_16",
    seconds: float = SECONDS,
) -> Path:
    samples = np.repeat(tone(rate_hz, seconds)[:, None], channels, axis=1)
    soundfile.write(path, samples, rate_hz, format=kind, subtype=subtype)
    return path


def samples_of(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2") / 32768


def loudest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(samples))


def header(
    *,
    rate_hz: int = SAMPLE_RATE_HZ,
    channels: int = 1,
    data: bytes = b"\1\0" * 8000,
    said: int | None = None,
) -> bytes:
    """Return a 16-bit WAV whose header says whatever it is told to."""
    width = 2 * channels & 0xFFFF
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * width & 0xFFFFFFFF, width, 16)
    size = len(data) if said is None else said
    riff = struct.pack("<4sI4s", b"RIFF", (size + 36) & 0xFFFFFFFF, b"WAVE")
    return riff + struct.pack("<4sI", b"fmt ", 16) + fmt + struct.pack("<4sI", b"data", size) + data


def refusal(path: Path, chosen: Settings = SETTINGS) -> AudioError:
    with pytest.raises(AudioError) as caught:
        wav.read(path, chosen)
    error = caught.value
    assert error.hint, "every refusal names the next step"
    assert "\n" not in str(error)
    return error


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 384000])
def test_any_rate_becomes_16_khz(tmp_path: Path, rate_hz: int) -> None:
    heard = samples_of(wav.read(recording(tmp_path / "a.wav", rate_hz=rate_hz), SETTINGS))
    assert len(heard) == pytest.approx(SECONDS * SAMPLE_RATE_HZ, abs=2)
    assert loudest_hz(heard) == pytest.approx(TONE_HZ, abs=4)
    assert np.abs(heard[1000:-1000]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "subtype", "tolerance"),
    [
        ("WAV", "PCM_U8", 0.02),
        ("WAV", "PCM_16", 0.001),
        ("WAV", "PCM_24", 0.001),
        ("WAV", "PCM_32", 0.001),
        ("WAV", "FLOAT", 0.001),
        ("WAV", "DOUBLE", 0.001),
        ("WAV", "ULAW", 0.03),
        ("WAV", "ALAW", 0.03),
        ("WAVEX", "PCM_16", 0.001),
        ("RF64", "PCM_16", 0.001),
        ("FLAC", "PCM_16", 0.001),
        ("FLAC", "PCM_24", 0.001),
        ("OGG", "VORBIS", 0.1),
        ("OGG", "OPUS", 0.1),
    ],
)
def test_any_width_and_container(tmp_path: Path, kind: str, subtype: str, tolerance: float) -> None:
    path = recording(tmp_path / "question", kind=kind, subtype=subtype)
    heard = samples_of(wav.read(path, SETTINGS))
    assert len(heard) == SECONDS * SAMPLE_RATE_HZ
    middle = slice(1000, -1000)
    assert np.abs(heard - tone())[middle].max() < tolerance


def test_16_khz_mono_is_passed_through_sample_for_sample(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768, 1234] * 100, dtype="<i2")
    (tmp_path / "a.wav").write_bytes(header(data=samples.tobytes()))
    heard = np.frombuffer(wav.read(tmp_path / "a.wav", SETTINGS), "<i2")
    assert np.abs(heard.astype(int) - samples.astype(int)).max() <= 1


@pytest.mark.parametrize("channels", [2, 6, 32])
def test_channels_are_mixed_down(tmp_path: Path, channels: int) -> None:
    samples = np.zeros((1600, channels))
    samples[:, 0] = 0.5
    soundfile.write(tmp_path / "a.wav", samples, SAMPLE_RATE_HZ)
    heard = samples_of(wav.read(tmp_path / "a.wav", SETTINGS))
    assert heard == pytest.approx(np.full(1600, 0.5 / channels), abs=1e-4)


def test_tones_above_8_khz_do_not_fold_back(tmp_path: Path) -> None:
    rate_hz = 48000
    high = 0.5 * np.sin(2 * np.pi * 11000 * np.arange(rate_hz) / rate_hz)
    soundfile.write(tmp_path / "a.wav", high, rate_hz)
    heard = samples_of(wav.read(tmp_path / "a.wav", SETTINGS))
    assert np.abs(heard[500:-500]).max() < 0.001


def test_silence_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(header(data=bytes(3200)))
    assert wav.read(tmp_path / "a.wav", SETTINGS) == bytes(3200)


def test_float_samples_that_are_not_numbers_do_not_spread(tmp_path: Path) -> None:
    samples = tone(48000).astype("float32")
    samples[100:103] = [np.nan, np.inf, 1e30]
    soundfile.write(tmp_path / "a.wav", samples, 48000, subtype="FLOAT")
    heard = samples_of(wav.read(tmp_path / "a.wav", SETTINGS))
    assert np.abs(heard[1000:7000]).max() == pytest.approx(0.5, abs=0.01)


def test_blocks_joined_are_the_whole_recording(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", rate_hz=44100, channels=2, seconds=10)
    pieces = list(wav.blocks(path, SETTINGS))
    assert len(pieces) > 2
    assert b"".join(pieces) == wav.read(path, SETTINGS)


def test_the_name_does_not_decide_the_format(tmp_path: Path) -> None:
    assert wav.read(recording(tmp_path / "question.raw"), SETTINGS)


@pytest.mark.parametrize("said", [0x7FFF0000, 0x7FFFFF00, 0xFFFFFFFF])
def test_a_header_written_before_the_length_was_known(tmp_path: Path, said: int) -> None:
    (tmp_path / "a.wav").write_bytes(header(said=said))
    assert len(wav.read(tmp_path / "a.wav", SETTINGS)) == 16000


def test_missing(tmp_path: Path) -> None:
    assert "no file" in refusal(tmp_path / "nowhere.wav").message


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path).message


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "is empty" in refusal(tmp_path / "a.wav").message


def test_impossible_names() -> None:
    assert "cannot be opened" in refusal(Path("a\0.wav")).message
    assert "cannot be opened" in refusal(Path("a" * 5000)).message


def test_a_pipe_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.wav").message


def test_a_device_that_never_ends() -> None:
    assert "not an ordinary file" in refusal(Path("/dev/zero")).message


@contextmanager
def without_root() -> Iterator[None]:
    """Root may read everything, so the refusal is only seen as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_not_permitted(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav")
    path.chmod(0)
    with without_root():
        assert "may not be read" in refusal(path).message


@pytest.mark.parametrize("content", [b"hello, world\n", b"RIFF1234AVI LIST", b"\0" * 100, b"R"])
def test_not_audio(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert "not a WAV, FLAC or OGG" in refusal(tmp_path / "a.wav").message


@pytest.mark.parametrize("rate_hz", [0, 1, 4, 999, 384001, 0xFFFFFFFF])
def test_absurd_rates(tmp_path: Path, rate_hz: int) -> None:
    (tmp_path / "a.wav").write_bytes(header(rate_hz=rate_hz))
    assert f"says {rate_hz} samples per second" in refusal(tmp_path / "a.wav").message


@pytest.mark.parametrize("channels", [0, 33, 500, 65535])
def test_absurd_channels(tmp_path: Path, channels: int) -> None:
    (tmp_path / "a.wav").write_bytes(header(channels=channels))
    assert f"says {channels} channels" in refusal(tmp_path / "a.wav").message


def test_no_samples(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(header(data=b""))
    assert "no sound in it" in refusal(tmp_path / "a.wav").message


@pytest.mark.parametrize("kind", ["WAV", "RF64", "FLAC", "OGG"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_cut_short(tmp_path: Path, kind: str, kept: float) -> None:
    subtype = {"OGG": "VORBIS"}.get(kind, "PCM_16")
    path = recording(tmp_path / "whole", kind=kind, subtype=subtype, seconds=3)
    whole = path.read_bytes()
    (tmp_path / "part").write_bytes(whole[: int(len(whole) * kept)])
    assert "cut short" in refusal(tmp_path / "part").message


def test_cut_before_the_sound(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(header()[:40])
    assert "cut short" in refusal(tmp_path / "a.wav").message


def test_endless_chunks(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(header()[:12] + struct.pack("<4sI", b"junk", 0) * 50_000)
    assert "cannot be read" in refusal(tmp_path / "a.wav").message


def test_three_hours_are_refused_before_decoding(tmp_path: Path) -> None:
    rate_hz, hours = 8000, 3
    path = tmp_path / "a.wav"
    size = rate_hz * 2 * 3600 * hours
    with path.open("wb") as file:
        file.write(header(rate_hz=rate_hz, data=b"", said=size))
        file.truncate(44 + size)
    error = refusal(path)
    assert "3.0 hours" in error.message
    assert "longest_recording_seconds" in error.hint


def test_the_longest_length_is_a_setting(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", seconds=1.2)
    assert wav.read(path, SETTINGS)
    assert "1.2 seconds" in refusal(path, Settings(longest_recording_seconds=1.0)).message


def audio_or_error(path: Path, content: bytes) -> bool:
    """Return whether ``content`` was read as audio; anything but AudioError passes through."""
    path.write_bytes(content)
    try:
        pcm = wav.read(path, SETTINGS)
    except AudioError as error:
        assert error.message
        return False
    assert len(pcm) % 2 == 0
    return True


def seeds() -> list[bytes]:
    """Return small valid recordings of every kind to start mutating from."""
    found = [header(data=b"\1\2" * 300), header(rate_hz=44100, channels=2, data=b"\1\2" * 300)]
    for kind, subtype in [
        ("WAV", "PCM_24"),
        ("WAV", "ULAW"),
        ("WAV", "FLOAT"),
        ("WAV", "IMA_ADPCM"),
        ("WAVEX", "PCM_16"),
        ("RF64", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
    ]:
        buffer = io.BytesIO()
        soundfile.write(buffer, tone(seconds=0.1), SAMPLE_RATE_HZ, format=kind, subtype=subtype)
        found.append(buffer.getvalue())
    return found


INTERESTING = (0, 1, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(content: bytes, choose: random.Random) -> bytes:
    """Return ``content`` with a few bytes changed, mostly in its header, and perhaps cut."""
    result = bytearray(content)
    for _ in range(choose.randint(1, 4)):
        place = choose.randrange(min(len(result), choose.choice((44, 120, len(result)))))
        match choose.randrange(4):
            case 0:
                result[place] ^= 1 << choose.randrange(8)
            case 1:
                result[place : place + 4] = struct.pack("<I", choose.choice(INTERESTING))
            case 2:
                result[place : place + 2] = struct.pack("<H", choose.choice(INTERESTING) & 0xFFFF)
            case _:
                result[place:place] = choose.randbytes(choose.randint(1, 8))
    return bytes(result[: choose.randint(0, len(result))] if choose.random() < 0.2 else result)


def test_mutated_recordings_are_audio_or_one_kind_of_error(tmp_path: Path) -> None:
    choose = random.Random(20261122)
    good = seeds()
    read = sum(
        audio_or_error(tmp_path / "a.wav", mutated(choose.choice(good), choose))
        for _ in range(3000)
    )
    # Both outcomes must occur often, or the mutations are too weak or too strong to test much.
    assert 300 < read < 2700


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rate_hz=st.integers(0, 0xFFFFFFFF),
    channels=st.integers(0, 0xFFFF),
    said=st.integers(0, 0xFFFFFFFF),
    data=st.binary(max_size=400),
)
def test_any_header_is_audio_or_one_kind_of_error(
    tmp_path: Path, rate_hz: int, channels: int, said: int, data: bytes
) -> None:
    content = header(rate_hz=rate_hz, channels=channels, said=said, data=data)
    audio_or_error(tmp_path / "a.wav", content)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(head=st.sampled_from([b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS", b""]), rest=st.binary())
def test_any_bytes_are_audio_or_one_kind_of_error(tmp_path: Path, head: bytes, rest: bytes) -> None:
    audio_or_error(tmp_path / "a.wav", head + rest)
