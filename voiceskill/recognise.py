"""An utterance in, a transcript out, by a worker process that may crash without harm.

Every request has a deadline. A worker that dies, or is late because it spins, is replaced at
once, and the speaker is asked to say it again.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from types import TracebackType

import msgspec

from voiceskill.child import Child, ChildDied, ChildFailed
from voiceskill.confidence import transcript
from voiceskill.errors import ModelError, RecogniserError
from voiceskill.events import SAMPLE_RATE_HZ, Partial, Transcript, Utterance
from voiceskill.recognise_protocol import (
    Abandon,
    Answer,
    Done,
    Feed,
    Finish,
    Heard,
    Open,
    Reason,
    Refused,
    Request,
)

LOAD_SECONDS = 60.0
"""For a process that starts and a model of gigabytes on a slow disk; the bundled one takes 0.3."""
FEED_SECONDS = 2.5
"""For one request. Audio goes in pieces of a second, so a spinning engine is found out soon
however long the utterance is, and a machine may still be twice slower than real time."""
FINISH_SECONDS_PER_SECOND = 0.3
"""Added to ``FEED_SECONDS`` for the end of an utterance, whose work grows with its length."""
PIECE_BYTES = SAMPLE_RATE_HZ * 2

_SAY_AGAIN = "Please say that again."
_VERIFY = "Check it with: voiceskill models verify"


class Recogniser:
    """Speech recognition with one model folder; a context manager.

    ``model_folder`` is a complete Vosk model, as ``models.prepare`` returns it. The process is
    started by ``start`` or by the first utterance. Safe to share between threads.
    """

    def __init__(self, model_folder: Path) -> None:
        self._child = Child("voiceskill.recognise_worker", [str(model_folder)])
        self._folder = model_folder
        self._numbers = itertools.count(1)

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, or None when none is running."""
        return self._child.pid

    @property
    def worker_starts(self) -> int:
        """How often a worker has been started."""
        return self._child.starts

    def start(self) -> None:
        """Start the worker now, so that it loads the model while something else is done."""
        self._child.start()

    def open(self) -> Stream:
        """Begin an utterance whose audio is still coming.

        Raises ModelError when the model cannot be loaded, RecogniserError when too many
        utterances are open or the worker is late.
        """
        number = next(self._numbers)
        try:
            self.request(Open(number), LOAD_SECONDS)
        except _WorkerDied:
            # It may have died long ago, idle; only a fresh one that dies as well blames the model.
            try:
                self.request(Open(number), LOAD_SECONDS)
            except _WorkerDied as error:
                raise ModelError(
                    f"The speech model in '{self._folder}' crashes the recogniser.", _VERIFY
                ) from error
        return Stream(self, number)

    def transcribe(self, utterance: Utterance) -> Transcript:
        """Return what was said. Raises ModelError or RecogniserError."""
        stream = self.open()
        for start in range(0, len(utterance.pcm), PIECE_BYTES):
            stream.feed(utterance.pcm[start : start + PIECE_BYTES], partial=False)
        return stream.finish()

    def close(self) -> None:
        """End the worker."""
        self._child.close()

    def __enter__(self) -> Recogniser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def request(self, request: Request, timeout_seconds: float) -> Done | Heard:
        """Pass one request to the worker; for ``Stream``."""
        message = msgspec.msgpack.encode(request)
        try:
            reply = self._child.request(message, timeout_seconds)
        except ChildFailed as error:
            # Loads the model while the speaker draws breath.
            self._child.start()
            failure = _WorkerDied if isinstance(error, ChildDied) else RecogniserError
            raise failure("The recogniser failed and was restarted.", _SAY_AGAIN) from error
        answer: Answer = msgspec.msgpack.decode(reply, type=Answer)
        if not isinstance(answer, Refused):
            return answer
        if answer.reason is Reason.MODEL:
            raise ModelError(f"The speech model in '{self._folder}' cannot be loaded.", _VERIFY)
        hint = "Try again in a moment." if answer.reason is Reason.BUSY else _SAY_AGAIN
        raise RecogniserError(f"The recogniser refused: {answer.message}.", hint)


class _WorkerDied(RecogniserError):
    """The worker ended by itself."""


class Stream:
    """One utterance on its way through the recogniser."""

    def __init__(self, recogniser: Recogniser, number: int) -> None:
        self._recogniser = recogniser
        self._number = number
        self._fed_bytes = 0

    def feed(self, pcm: bytes, *, partial: bool = True) -> Partial:
        """Take the next audio (s16le mono at 16 kHz); return what has been heard so far.

        With ``partial`` false the text is empty and some work is saved. Raises RecogniserError;
        the utterance is lost then.
        """
        self._fed_bytes += len(pcm)
        seconds = FEED_SECONDS + len(pcm) / PIECE_BYTES
        answer = self._recogniser.request(Feed(self._number, pcm, partial), seconds)
        assert isinstance(answer, Done)
        return Partial(answer.partial)

    def finish(self) -> Transcript:
        """End the utterance and return what was said. Raises RecogniserError."""
        seconds = FEED_SECONDS + FINISH_SECONDS_PER_SECOND * self._fed_bytes / PIECE_BYTES
        answer = self._recogniser.request(Finish(self._number), seconds)
        assert isinstance(answer, Heard)
        return transcript(answer.hypotheses)

    def abandon(self) -> None:
        """Forget the utterance, such as when the speaker has walked away."""
        self._recogniser.request(Abandon(self._number), FEED_SECONDS)
