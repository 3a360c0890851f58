"""Sound becomes frames: from PCM already in memory, or from the microphone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from voiceskill.errors import DeviceError
from voiceskill.events import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE_HZ, Frame

FRAME_BYTES = FRAME_SAMPLES * 2
QUEUE_FRAMES = 128
"""About 4 s: a reader that falls further behind than that loses frames, and they are counted."""
DEAF_SECONDS = 2.0
"""A microphone that gives nothing for so long is gone, whatever the sound server says."""

CLOSE_SECONDS = 2.0


def frames_of(pcm: bytes | Iterable[bytes]) -> Iterator[Frame]:
    """Yield the frames of 16 kHz s16le mono, given whole or in pieces of any size.

    The last frame is filled up with silence; half a sample at the very end is dropped.
    """
    buffer = bytearray()
    index = 0
    for piece in (pcm,) if isinstance(pcm, bytes) else pcm:
        buffer += piece
        whole = len(buffer) - len(buffer) % FRAME_BYTES
        for offset in range(0, whole, FRAME_BYTES):
            yield Frame(bytes(buffer[offset : offset + FRAME_BYTES]), index * FRAME_SECONDS)
            index += 1
        del buffer[:whole]
    rest = len(buffer) - len(buffer) % 2
    if rest:
        yield Frame(bytes(buffer[:rest]).ljust(FRAME_BYTES, b"\0"), index * FRAME_SECONDS)


class Microphone:
    """The default microphone as frames; a context manager and an iterator.

    Raises DeviceError on entering when PortAudio or the microphone is missing, and from the
    iterator when the microphone falls silent for ``DEAF_SECONDS`` (unplugged, suspended).
    """

    def __init__(self, device: str | int | None = None) -> None:
        self._device = device
        self._queue: queue.Queue[Frame] = queue.Queue(QUEUE_FRAMES)
        self._stream: Any = None
        self._index = 0
        self.dropped_frames = 0
        """Frames lost because nobody read them in time, or reported lost by the sound system."""

    def __enter__(self) -> Microphone:
        # Importing sounddevice fails where the PortAudio library is missing; recorded questions
        # must work there.
        try:
            import sounddevice
        except OSError as error:
            raise DeviceError(
                "The PortAudio library is missing.",
                "Install it: sudo apt-get install libportaudio2",
            ) from error
        try:
            self._stream = sounddevice.RawInputStream(
                samplerate=SAMPLE_RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=FRAME_SAMPLES,
                device=self._device,
                callback=self._take,
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            called = "" if self._device is None else f" called '{self._device}'"
            raise DeviceError(
                f"No microphone{called} found.",
                "Plug one in, or try: voiceskill ask question.wav",
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            # Closing never returns while the sound server is frozen or gone (measured with
            # PortAudio 19.6 on PulseAudio): the error is worth more than a tidy end.
            closing = threading.Thread(target=_close, args=(stream,), daemon=True)
            closing.start()
            closing.join(CLOSE_SECONDS)

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        if self._stream is None:
            raise StopIteration
        try:
            return self._queue.get(timeout=DEAF_SECONDS)
        except queue.Empty:
            raise DeviceError(
                "The microphone has stopped giving sound.",
                "Plug it in again, or check that it is not muted or suspended.",
            ) from None

    def _take(self, data: Any, frames: int, time: Any, status: Any) -> None:
        """Queue one block; runs on PortAudio's own thread, so it must never wait."""
        if status.input_overflow:
            self.dropped_frames += 1
        # Counted even when dropped, so that a gap shows in the times.
        frame = Frame(bytes(data), self._index * FRAME_SECONDS)
        self._index += 1
        try:
            self._queue.put_nowait(frame)
        except queue.Full:
            self.dropped_frames += 1


def _close(stream: Any) -> None:
    stream.abort()
    stream.close()


def microphone(device: str | int | None = None) -> Microphone:
    """Return the microphone named ``device``, or the machine's default one, not yet open."""
    return Microphone(device)
