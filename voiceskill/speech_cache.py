"""Rendered sentences kept on disk, so that the first sound of an answer costs no synthesis.

Only sentences of the content belong here, never anything a person said. Every operation may fail
for want of space or rights; speech then works without the cache.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from voiceskill.events import Pcm

_HEAD = struct.Struct("<4sIII")
_MAGIC = b"VSP1"
_ENGINE_FILE = "engine"
LIMIT_BYTES = 64 * 1024 * 1024
"""About 25 minutes of speech."""


class SpeechCache:
    """Sentences as sound in ``folder``, at most ``limit_bytes`` of them, oldest dropped first."""

    def __init__(self, folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._engine: str | None = None

    def get(self, sentence: str, voice: Sequence[str]) -> Pcm | None:
        """Return the sound of ``sentence`` by these voice settings, or None.

        A damaged file counts as none.
        """
        try:
            data = self._file(sentence, voice).read_bytes()
        except OSError:
            return None
        if len(data) < _HEAD.size:
            return None
        magic, rate_hz, length, check = _HEAD.unpack_from(data)
        samples = data[_HEAD.size :]
        if magic != _MAGIC or len(samples) != length or zlib.crc32(samples) != check:
            return None
        return Pcm(rate_hz, samples)

    def put(self, sentence: str, voice: Sequence[str], engine: str, pcm: Pcm) -> None:
        """Keep ``pcm``, rendered by ``engine`` (name and version), whole or not at all."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if engine != self._known_engine():
                self._write(self._folder / _ENGINE_FILE, engine.encode())
                self._engine = engine
            head = _HEAD.pack(_MAGIC, pcm.rate_hz, len(pcm.samples), zlib.crc32(pcm.samples))
            self._write(self._file(sentence, voice), head + pcm.samples)
            self._drop_oldest()
        except OSError:
            return

    def _known_engine(self) -> str:
        """Return the synthesiser that last rendered here: asking it would cost its start."""
        if self._engine is None:
            try:
                self._engine = (self._folder / _ENGINE_FILE).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                self._engine = ""
        return self._engine

    def _file(self, sentence: str, voice: Sequence[str]) -> Path:
        key = "\0".join((sentence, *voice, self._known_engine()))
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.pcm"

    def _write(self, file: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _drop_oldest(self) -> None:
        files = [(f.stat(), f) for f in self._folder.iterdir() if f.name != _ENGINE_FILE]
        total = sum(stat.st_size for stat, _ in files)
        for stat, file in sorted(files, key=lambda entry: entry[0].st_mtime_ns):
            if total <= self._limit_bytes:
                return
            file.unlink(missing_ok=True)
            total -= stat.st_size
