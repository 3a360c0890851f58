"""A recording in, 16 kHz mono out: WAV (any width, rate, channels), FLAC and OGG.

The header is judged before anything is decoded, and decoding is streamed, so that neither a
hostile nor a very long file costs more memory than the result. A recording that was cut short is
refused instead of half heard: the missing end of a question may be the part that matters.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from voiceskill.errors import AudioError
from voiceskill.events import SAMPLE_RATE_HZ
from voiceskill.settings import Settings
from voiceskill.wav_header import check_complete, check_format, container_of, cut_short

_BLOCK_VALUES = 1 << 18
"""Values (samples times channels) decoded at once: 1 MiB as float32."""
_FULL_SCALE = 32767.0
_HEADER_BYTES = 12
_RECORD = "Record it again as a WAV, FLAC or OGG file."


def read(path: Path, settings: Settings) -> bytes:
    """Return the whole recording as signed 16-bit little-endian mono at 16 kHz.

    Raises AudioError when the file is missing, unreadable, no recording, empty, cut short, of an
    unusable format, or longer than ``settings.longest_recording_seconds``. Silence is no error.
    """
    return b"".join(blocks(path, settings))


def blocks(path: Path, settings: Settings) -> Iterator[bytes]:
    """Yield the recording piece by piece, in the form and with the errors of ``read``.

    Pieces have no fixed size. Memory does not grow with the recording's length.
    """
    with _regular_file(path) as file:
        container = container_of(file.read(_HEADER_BYTES))
        if container is None:
            raise AudioError(f"'{path}' is not a WAV, FLAC or OGG recording.", _RECORD)
        check_complete(path, file, container)
        file.seek(0)
        with _sound(path, file) as sound:
            _check_sound(path, sound, settings)
            yield from _decode(path, sound, settings)


@contextmanager
def _regular_file(path: Path) -> Iterator[io.FileIO]:
    """Open ``path`` unbuffered; a pipe, a device and a folder are refused without blocking."""
    try:
        # Opening a named pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError as error:
        raise AudioError(f"There is no file '{path}'.", "Check the name and the folder.") from error
    except PermissionError as error:
        raise AudioError(
            f"'{path}' may not be read.", "Give yourself permission: chmod u+r FILE."
        ) from error
    except (OSError, ValueError) as error:
        raise AudioError(
            f"'{str(path)!r}' cannot be opened: {error}.", "Check the name."
        ) from error
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(f"'{path}' is a folder.", "Name the recording inside it.")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(f"'{path}' is not an ordinary file.", "Copy it to a file first.")
        if status.st_size == 0:
            raise AudioError(f"'{path}' is empty.", _RECORD)
        with io.FileIO(handle, closefd=False) as file:
            yield file
    finally:
        os.close(handle)


@contextmanager
def _sound(path: Path, file: io.FileIO) -> Iterator[soundfile.SoundFile]:
    try:
        # The descriptor, not the name: soundfile takes a name ending in .raw for headerless audio.
        sound = soundfile.SoundFile(file.fileno(), closefd=False)
    except (soundfile.SoundFileError, ValueError, TypeError) as error:
        raise AudioError(f"'{path}' cannot be read as a recording.", _RECORD) from error
    with sound:
        yield sound


def _check_sound(path: Path, sound: soundfile.SoundFile, settings: Settings) -> None:
    rate, channels, frames = sound.samplerate, sound.channels, sound.frames
    check_format(path, rate, channels)
    if frames < 1:
        raise AudioError(f"'{path}' has no sound in it.", _RECORD)
    _check_length(path, frames / rate, settings)


def _check_length(path: Path, seconds: float, settings: Settings) -> None:
    if seconds > settings.longest_recording_seconds:
        raise AudioError(
            f"'{path}' lasts {_duration(seconds)}; the longest allowed is "
            f"{_duration(settings.longest_recording_seconds)}.",
            "Cut out the question, or raise the setting longest_recording_seconds.",
        )


def _duration(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.1f} minutes" if seconds >= 60 else f"{seconds:.1f} seconds"


def _decode(path: Path, sound: soundfile.SoundFile, settings: Settings) -> Iterator[bytes]:
    rate = sound.samplerate
    resample = soxr.ResampleStream(rate, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")
    decoded = 0
    for block in _mono(path, sound):
        decoded += len(block)
        yield _s16le(block if rate == SAMPLE_RATE_HZ else resample.resample_chunk(block))
    if rate != SAMPLE_RATE_HZ:
        yield _s16le(resample.resample_chunk(np.zeros(0, np.float32), last=True))
    if decoded < sound.frames:
        raise cut_short(path, f"only {decoded} of {sound.frames} samples are there")


def _mono(path: Path, sound: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    frames = _BLOCK_VALUES // sound.channels
    while True:
        try:
            block = sound.read(frames, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise AudioError(
                f"'{path}' is damaged or was cut short.", "Copy or record it again."
            ) from error
        if not len(block):
            return
        # Float files can hold anything; one infinite sample would silence the whole resampler.
        clean = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0, copy=False)
        yield np.clip(clean, -1.0, 1.0).mean(axis=1, dtype=np.float32)


def _s16le(block: npt.NDArray[np.float32]) -> bytes:
    return (np.clip(block, -1.0, 1.0) * _FULL_SCALE).round().astype("<i2").tobytes()
