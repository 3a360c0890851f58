"""The recogniser's process, and the only importer of vosk.

libvosk checks nothing: a wrong sample rate makes it loop for ever, bad grammars make it crash.
So the rate is a constant here, lengths are checked before the engine sees any audio, and the
process is expendable.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from voiceskill.child import serve
from voiceskill.events import SAMPLE_RATE_HZ
from voiceskill.recognise_protocol import (
    LONGEST_SECONDS,
    MOST_STREAMS,
    Abandon,
    Answer,
    Done,
    Feed,
    Finish,
    Heard,
    HeardWord,
    Hypothesis,
    Open,
    Reason,
    Refused,
    Request,
)

MOST_HYPOTHESES = 100
"""Enough that their scores carry practically all of the lattice's probability, so that word
confidences need no second decoding pass (``benchmarks/recogniser.py`` compares)."""


def _import_vosk() -> Any:
    """Return the module without the downloader it brings along.

    That is half of its import time (measured: 174 ms of CPU against 92), and without it no
    mistake can make this process reach for the network.
    """
    for name in ("requests", "srt", "tqdm"):
        sys.modules.setdefault(name, ModuleType(name)).__dict__.setdefault("tqdm", None)
    import vosk

    return vosk


vosk = _import_vosk()

_LONGEST_BYTES = int(LONGEST_SECONDS * SAMPLE_RATE_HZ) * 2


class _VoskWord(msgspec.Struct):
    word: str
    start: float = 0.0
    end: float = 0.0


class _VoskAlternative(msgspec.Struct):
    text: str = ""
    confidence: float = 0.0
    result: tuple[_VoskWord, ...] = ()


class _VoskResult(msgspec.Struct):
    alternatives: tuple[_VoskAlternative, ...] = ()


class _VoskPartial(msgspec.Struct):
    partial: str = ""


class _Stream:
    """One utterance being decoded."""

    def __init__(self, model: Any) -> None:
        self._engine = vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ)
        self._engine.SetMaxAlternatives(MOST_HYPOTHESES)
        self._engine.SetWords(True)
        self.fed_bytes = 0

    def feed(self, pcm: bytes, *, partial: bool) -> Done:
        """Decode ``pcm``; an endpoint that the engine sees is ignored, ours decides."""
        self.fed_bytes += len(pcm)
        self._engine.AcceptWaveform(pcm)
        if not partial:
            return Done()
        heard = msgspec.json.decode(self._engine.PartialResult(), type=_VoskPartial)
        return Done(partial=_plain(heard.partial))

    def finish(self) -> Heard:
        """Return every hypothesis; the stream is used up."""
        result = msgspec.json.decode(self._engine.FinalResult(), type=_VoskResult)
        return Heard(tuple(map(_hypothesis, result.alternatives)))


class Worker:
    """Answers requests with one shared model and one engine per utterance."""

    def __init__(self, model_folder: Path) -> None:
        self._streams: dict[int, _Stream] = {}
        self._model: Any = None
        try:
            self._model = vosk.Model(model_path=str(model_folder))
        except Exception as error:  # noqa: BLE001  vosk raises nothing more precise
            self._problem = str(error)

    def handle(self, message: bytes) -> bytes:
        """Answer one request; both as MessagePack."""
        request = msgspec.msgpack.decode(message, type=Request)
        return msgspec.msgpack.encode(self.answer(request))

    def answer(self, request: Request) -> Answer:
        """Carry out ``request`` or say why not."""
        if self._model is None:
            return Refused(Reason.MODEL, self._problem)
        if isinstance(request, Open):
            return self._open(request.stream, self._model)
        stream = self._streams.get(request.stream)
        match request:
            case Abandon():
                self._streams.pop(request.stream, None)
                return Done()
            case _ if stream is None:
                return Refused(Reason.STREAM, f"utterance {request.stream} is not open")
            case Feed(pcm=pcm) if len(pcm) % 2:
                return Refused(Reason.AUDIO, "half a sample at the end")
            case Feed(pcm=pcm) if stream.fed_bytes + len(pcm) > _LONGEST_BYTES:
                return Refused(Reason.AUDIO, f"longer than {LONGEST_SECONDS:.0f} seconds")
            case Feed(pcm=pcm, partial=partial):
                return stream.feed(pcm, partial=partial)
            case Finish():
                return self._streams.pop(request.stream).finish()

    def _open(self, number: int, model: Any) -> Answer:
        if len(self._streams) >= MOST_STREAMS:
            return Refused(Reason.BUSY, f"{MOST_STREAMS} utterances are open already")
        self._streams[number] = _Stream(model)
        return Done()


def _hypothesis(found: _VoskAlternative) -> Hypothesis:
    return Hypothesis(
        text=_plain(found.text),
        log_likelihood=found.confidence,
        words=tuple(HeardWord(_plain(word.word), word.start, word.end) for word in found.result),
    )


def _plain(text: str) -> str:
    """Return ``text`` with one spelling of the unknown word; models differ."""
    return text.replace("[unk]", "<unk>")


def main() -> None:
    """Serve the model folder named by the first argument."""
    vosk.SetLogLevel(-1)
    serve(Worker(Path(sys.argv[1])).handle)


if __name__ == "__main__":
    main()
