"""The child process that synthesises speech: the only importer of pyttsx3.

pyttsx3 2.99 keeps one text slot, ignores a rate set after the first utterance and hangs after
``stop()``. So voice, rate and volume are set once per process, there is one ``save_to_file`` per
sentence, and the end is known from ``finished-utterance`` and from nothing else.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
import threading
import wave
from array import array
from typing import Any

import msgspec

from voiceskill.child import serve
from voiceskill.events import Pcm

SILENCE_LEVEL = 160
"""Samples quieter than this (-46 dB of full scale) count as silence."""
LEAD_SECONDS = 0.01
TAIL_SECONDS = 0.12
"""What is left of espeak's silence: none is wanted before speech, a breath after it."""
BLOCK_SECONDS = 0.005


class Say(msgspec.Struct, frozen=True):
    """Render one sentence."""

    sentence: str


class Rendered(msgspec.Struct, frozen=True, tag=True):
    """The sentence as sound."""

    rate_hz: int
    samples: bytes
    """Signed 16-bit little-endian mono."""
    engine: str
    """Name and version of the synthesiser."""


class EngineMissing(msgspec.Struct, frozen=True, tag=True):
    """No espeak-ng library could be loaded."""


class VoiceUnknown(msgspec.Struct, frozen=True, tag=True):
    """The voice asked for does not exist."""

    known: tuple[str, ...]
    """Ids of the English voices there are."""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The engine reported an error."""

    message: str


Answer = Rendered | EngineMissing | VoiceUnknown | Failed


class Synthesiser:
    """pyttsx3 with one voice, rate and volume for its whole life."""

    def __init__(self, voice: str, words_per_minute: int, volume: float) -> None:
        pyttsx3 = importlib.import_module("pyttsx3")
        self._engine: Any = pyttsx3.init("espeak")
        self._done = threading.Event()
        self._errors: list[Exception] = []
        self._engine.connect("finished-utterance", self._finished)
        self._engine.connect("error", self._failed)
        self._engine.setProperty("voice", voice)
        self._engine.setProperty("rate", words_per_minute)
        self._engine.setProperty("volume", volume)
        # A file in memory: nothing to remove afterwards, not even when this process is killed.
        self._file = os.memfd_create("voiceskill-speech")
        library = importlib.import_module("pyttsx3.drivers._espeak")
        self._name = f"espeak-ng {library.Info(None).decode()}"

    def render(self, sentence: str) -> Answer:
        """Return ``sentence`` as sound, or what went wrong; waits as long as the engine does."""
        self._done.clear()
        self._errors.clear()
        path = f"/proc/self/fd/{self._file}"
        self._engine.save_to_file(sentence, path)
        self._engine.runAndWait()
        self._done.wait()
        if any("SetVoiceByName" in str(error) for error in self._errors):
            return VoiceUnknown(self._english_voices())
        if self._errors:
            return Failed(str(self._errors[0]))
        with wave.open(path, "rb") as recording:
            rate_hz = recording.getframerate()
            samples = recording.readframes(recording.getnframes())
        return Rendered(rate_hz, trimmed(Pcm(rate_hz, samples)).samples, self._name)

    def _english_voices(self) -> tuple[str, ...]:
        voices = self._engine.getProperty("voices")
        return tuple(sorted(v.id for v in voices if v.id.rpartition("/")[2].startswith("en")))

    def _finished(self, **_: object) -> None:
        self._done.set()

    def _failed(self, exception: Exception, **_: object) -> None:
        self._errors.append(exception)


def trimmed(pcm: Pcm) -> Pcm:
    """Return ``pcm`` with the silence at both ends cut to a breath; all silence stays as it is."""
    samples = array("h")
    samples.frombytes(pcm.samples)
    block = max(1, round(BLOCK_SECONDS * pcm.rate_hz))
    loud = [
        start
        for start in range(0, len(samples), block)
        if max(map(abs, samples[start : start + block])) > SILENCE_LEVEL
    ]
    if not loud:
        return pcm
    first = max(0, loud[0] - round(LEAD_SECONDS * pcm.rate_hz))
    last = loud[-1] + block + round(TAIL_SECONDS * pcm.rate_hz)
    return Pcm(pcm.rate_hz, samples[first:last].tobytes())


def load_library() -> bool:
    """Load espeak-ng: the system's, else the one of the ``espeakng-loader`` wheel.

    Returns False when there is neither.
    """
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        pass
    else:
        return True
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError:
        return False
    # Without this the library looks where it was built, finds nothing and exits the process.
    os.environ["ESPEAK_DATA_PATH"] = loader.get_data_path()
    # Once loaded, its SONAME satisfies the load by name inside pyttsx3.
    ctypes.CDLL(loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    return True


def main() -> None:
    """Serve: arguments are the voice id, words per minute and volume."""
    voice, words_per_minute, volume = sys.argv[1:]
    found = load_library()
    synthesiser = Synthesiser(voice, int(words_per_minute), float(volume)) if found else None

    def handle(message: bytes) -> bytes:
        request = msgspec.msgpack.decode(message, type=Say)
        answer = synthesiser.render(request.sentence) if synthesiser else EngineMissing()
        return msgspec.msgpack.encode(answer)

    serve(handle)


if __name__ == "__main__":
    main()
