"""The child process that holds the loudspeaker: the only user of sounddevice's output.

PortAudio blocks for ever when a sound server freezes, and ALSA writes its troubles to stderr;
in a process of its own neither reaches the person.
"""

from __future__ import annotations

import importlib
import threading
import time
from enum import StrEnum
from typing import Any

import msgspec

from voiceskill.child import serve

LONGEST_LATENCY_SECONDS = 0.5


class Open(msgspec.Struct, frozen=True, tag=True):
    """Find the loudspeaker; answered with Position or Missing."""


class Play(msgspec.Struct, frozen=True, tag=True):
    """Queue sound behind what is still playing."""

    rate_hz: int
    samples: bytes
    """Signed 16-bit little-endian mono."""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """How far playing has come."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Silence at once; what is queued is dropped."""


class Finish(msgspec.Struct, frozen=True, tag=True):
    """Wait until what has been taken is heard, then close the stream."""


Request = Open | Play | Ask | Stop | Finish


class Position(msgspec.Struct, frozen=True, tag=True):
    """How far playing has come."""

    taken_bytes: int
    """Taken by the sound system since the stream was opened."""
    queued_bytes: int


class Lack(StrEnum):
    """What is missing."""

    LIBRARY = "library"
    DEVICE = "device"


class Missing(msgspec.Struct, frozen=True, tag=True):
    """There is no way to play."""

    lack: Lack
    message: str


Answer = Position | Missing


class Player:
    """One output stream, opened by the first sound and kept open between sentences."""

    def __init__(self) -> None:
        # Fails with OSError where the PortAudio library is missing.
        self._sounddevice: Any = importlib.import_module("sounddevice")
        self._lock = threading.Lock()
        self._queue = bytearray()
        self._taken_bytes = 0
        self._stream: Any = None
        self._rate_hz = 0

    def handle(self, request: Request) -> Answer:
        """Carry out one request; PortAudio's errors come back as Missing."""
        try:
            match request:
                case Open():
                    self._sounddevice.query_devices(kind="output")
                case Play():
                    self._play(request)
                case Stop():
                    with self._lock:
                        self._queue.clear()
                    self._close(abort=True)
                case Finish():
                    self._close(abort=False)
                case Ask():
                    pass
        except (self._sounddevice.PortAudioError, ValueError) as error:
            self._stream = None
            return Missing(Lack.DEVICE, str(error))
        with self._lock:
            return Position(self._taken_bytes, len(self._queue))

    def _play(self, sound: Play) -> None:
        if self._stream is not None and self._rate_hz != sound.rate_hz:
            self._close(abort=False)
        with self._lock:
            self._queue += sound.samples
        if self._stream is None:
            self._rate_hz = sound.rate_hz
            self._stream = self._sounddevice.RawOutputStream(
                samplerate=sound.rate_hz, channels=1, dtype="int16", callback=self._fill
            )
            self._stream.start()

    def _close(self, *, abort: bool) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        if abort:
            stream.abort()
        else:
            # What was taken last is still on its way, and ALSA's drain does not wait for it all.
            time.sleep(min(stream.latency, LONGEST_LATENCY_SECONDS))
            stream.stop()
        stream.close()

    def _fill(self, out: Any, frames: int, when: Any, status: Any) -> None:
        """Give the sound system its next block; runs on PortAudio's own thread."""
        with self._lock:
            part = bytes(self._queue[: len(out)])
            del self._queue[: len(out)]
            self._taken_bytes += len(part)
        out[:] = part.ljust(len(out), b"\0")


def main() -> None:
    """Serve requests of ``voiceskill.play``."""
    try:
        player = Player()
    except OSError as error:
        missing: Answer = Missing(Lack.LIBRARY, str(error))
        serve(lambda _: msgspec.msgpack.encode(missing))

    def handle(message: bytes) -> bytes:
        return msgspec.msgpack.encode(player.handle(msgspec.msgpack.decode(message, type=Request)))

    serve(handle)


if __name__ == "__main__":
    main()
