"""What a recording's header promises, read by hand where the decoder would quietly accept less.

libsndfile shortens a WAV or OGG file that ends too early without a word; this finds out.
Chunk layout: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF);
ITU-R BS.2088 (RF64); RFC 3533 (Ogg pages).
"""

from __future__ import annotations

import io
import os
import struct
from enum import Enum, auto
from pathlib import Path

from voiceskill.errors import AudioError

LOWEST_RATE_HZ = 1_000
HIGHEST_RATE_HZ = 384_000
MOST_CHANNELS = 32
TOLERATED_SECONDS = 0.05
"""Audio that may be missing at the end: some writers count the header as data."""

_MOST_CHUNKS = 1000
"""A file of a million empty chunks would otherwise keep the walk busy."""
_STREAMED_BYTES = 0x7FFF0000
"""Sizes from here on mean "written to a pipe, length unknown" (arecord, sox, ffmpeg)."""
_RF64_SIZE = 0xFFFFFFFF
_LONGEST_OGG_PAGE = 65_307
_OGG_PAGE = struct.Struct("<4sBBqIIIB")
_OGG_LAST = 0x04


class Container(Enum):
    """The kinds of file that can be read."""

    WAV = auto()
    FLAC = auto()
    OGG = auto()


def container_of(head: bytes) -> Container | None:
    """Return the kind of file that starts with ``head`` (12 bytes), or None."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return Container.WAV
    return {b"fLaC": Container.FLAC, b"OggS": Container.OGG}.get(head[:4])


def check_format(path: Path, rate_hz: int, channels: int) -> None:
    """Raise AudioError for a rate or a number of channels that no microphone has."""
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"'{path}' says {rate_hz} samples per second.",
            f"Use a rate from {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}; 16000 is enough.",
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise AudioError(f"'{path}' says {channels} channels.", f"Use 1 to {MOST_CHANNELS}.")


def check_complete(path: Path, file: io.FileIO, container: Container) -> None:
    """Raise AudioError when the header says more than the file holds, or what cannot be.

    FLAC needs no look: its decoder reports an early end by itself. Leaves ``file`` anywhere.
    """
    if container is Container.WAV:
        _check_wav(path, file)
    elif container is Container.OGG:
        _check_ogg(path, file)


def cut_short(path: Path, details: str) -> AudioError:
    """Return the error for a recording that holds less than its header says."""
    return AudioError(f"'{path}' was cut short: {details}.", "Copy or record it again.")


def _check_wav(path: Path, file: io.FileIO) -> None:
    length = os.fstat(file.fileno()).st_size
    file.seek(0)
    order = ">" if file.read(4) == b"RIFX" else "<"
    offset, bytes_per_second, long_size = 12, 0, 0
    for _ in range(_MOST_CHUNKS):
        file.seek(offset)
        head = file.read(8)
        if len(head) < 8:
            raise cut_short(path, "it ends before the sound begins")
        name, size = struct.unpack(f"{order}4sI", head)
        body = file.read(16) if name in (b"fmt ", b"ds64") else b""
        if name == b"fmt " and len(body) >= 12:
            _, channels, rate_hz, bytes_per_second = struct.unpack_from(f"{order}HHII", body)
            check_format(path, rate_hz, channels)
        elif name == b"ds64" and len(body) == 16:
            (long_size,) = struct.unpack_from(f"{order}Q", body, 8)
        elif name == b"data":
            said = long_size if size == _RF64_SIZE and long_size else size
            held = length - offset - 8
            if said < _STREAMED_BYTES and said - held > TOLERATED_SECONDS * bytes_per_second:
                raise cut_short(
                    path, f"its header says {said} bytes of sound, the file holds {held}"
                )
            return
        offset += 8 + size + (size & 1)
    raise AudioError(f"'{path}' cannot be read as a recording.", "Record it again.")


def _check_ogg(path: Path, file: io.FileIO) -> None:
    length = os.fstat(file.fileno()).st_size
    start = max(0, length - _LONGEST_OGG_PAGE)
    file.seek(start)
    tail = file.read(length - start)
    page = tail.rfind(b"OggS")
    complete = False
    if page >= 0 and len(tail) - page >= _OGG_PAGE.size:
        *_, segments = _OGG_PAGE.unpack_from(tail, page)
        flags = tail[page + 5]
        table = tail[page + _OGG_PAGE.size : page + _OGG_PAGE.size + segments]
        end = page + _OGG_PAGE.size + segments + sum(table)
        complete = len(table) == segments and end <= len(tail) and bool(flags & _OGG_LAST)
    if not complete:
        raise cut_short(path, "its last page is missing")
