"""Sound out of the loudspeaker, by a worker process that a frozen sound server cannot make hang."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import msgspec

from voiceskill.child import Child, ChildFailed
from voiceskill.errors import DeviceError
from voiceskill.events import Pcm
from voiceskill.play_worker import (
    Answer,
    Ask,
    Finish,
    Lack,
    Missing,
    Open,
    Play,
    Position,
    Request,
    Stop,
)

OPEN_SECONDS = 5.0
"""For a process that starts and a sound server that wakes."""
ANSWER_SECONDS = 1.5
STALLED_SECONDS = 1.5
"""Sound not taken for so long will never be: a suspended sink neither fails nor plays."""
POLL_SECONDS = 0.02


class NoLoudspeaker(DeviceError):
    """The machine has no sound output; nothing is broken."""


class Loudspeaker:
    """The default sound output; a context manager. ``stop`` may come from another thread."""

    def __init__(self) -> None:
        self._child = Child("voiceskill.play_worker")
        self._stopped = threading.Event()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, or None when none is running."""
        return self._child.pid

    def start(self) -> None:
        """Start the worker now, so that it is ready when the first sound is."""
        self._child.start()

    def open(self) -> None:
        """Make sure that there is an output.

        Raises NoLoudspeaker when the machine has none, DeviceError when the PortAudio library is
        missing or the sound system does not answer within ``OPEN_SECONDS``.
        """
        self._request(Open(), OPEN_SECONDS)

    def play(self, pcm: Pcm) -> bool:
        """Play ``pcm`` and return when the sound system has taken all of it.

        Returns False when ``stop`` cut it short. Raises DeviceError when the output fails or
        stalls for ``STALLED_SECONDS``.
        """
        self._stopped.clear()
        position = self._request(Play(pcm.rate_hz, pcm.samples), OPEN_SECONDS)
        moved_at = time.monotonic()
        while position.queued_bytes and not self._stopped.wait(POLL_SECONDS):
            now = self._request(Ask(), ANSWER_SECONDS)
            if now.taken_bytes != position.taken_bytes:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALLED_SECONDS:
                self._child.close()
                raise _broken()
            position = now
        return not self._stopped.is_set()

    def stop(self) -> None:
        """Fall silent at once; ``play`` returns False. Raises DeviceError when that fails."""
        self._stopped.set()
        self._request(Stop(), ANSWER_SECONDS)

    def finish(self) -> None:
        """Wait until the last sound taken has been heard. Raises DeviceError."""
        self._request(Finish(), ANSWER_SECONDS)

    def close(self) -> None:
        """End the worker."""
        self._child.close()

    def __enter__(self) -> Loudspeaker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _request(self, request: Request, timeout_seconds: float) -> Position:
        try:
            reply = self._child.request(msgspec.msgpack.encode(request), timeout_seconds)
        except ChildFailed as error:
            raise _broken() from error
        answer: Answer = msgspec.msgpack.decode(reply, type=Answer)
        if isinstance(answer, Position):
            return answer
        raise _missing(answer)


def available() -> bool:
    """Return whether there is a sound output, quietly and within ``OPEN_SECONDS``."""
    with Loudspeaker() as loudspeaker:
        try:
            loudspeaker.open()
        except DeviceError:
            return False
    return True


def _missing(answer: Missing) -> DeviceError:
    if answer.lack is Lack.LIBRARY:
        return DeviceError(
            "The PortAudio library is missing, so nothing can be spoken aloud.",
            "Install it with: sudo apt install libportaudio2 (captions work without it).",
        )
    return NoLoudspeaker(
        "There is no loudspeaker, so the answer is only shown.",
        "Keep it as a file with --out answer.wav.",
    )


def _broken() -> DeviceError:
    return DeviceError(
        "The loudspeaker does not take any sound.",
        "Check the sound settings; the captions still work.",
    )
