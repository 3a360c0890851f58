"""A sentence in, its sound out, by a worker process that may hang or crash without harm."""

from __future__ import annotations

from types import TracebackType

import msgspec

from voiceskill import paths
from voiceskill.child import Child, ChildFailed
from voiceskill.errors import SettingsError, SpeechError
from voiceskill.events import Pcm
from voiceskill.settings import Settings
from voiceskill.speak_worker import Answer, EngineMissing, Rendered, Say, VoiceUnknown
from voiceskill.speech_cache import SpeechCache

START_SECONDS = 10.0
"""Added to the deadline of a worker's first sentence, for a machine busy with other things."""
_SHOWN_VOICES = 10
_NOTHING = Pcm(22_050, b"")


class Speaker:
    """The synthesiser with one voice; a context manager. Safe to share between threads.

    The worker is started by ``start`` or by the first sentence that is not in the cache. Another
    voice, rate or volume is another Speaker: espeak-ng takes them only once per process.
    """

    def __init__(self, settings: Settings) -> None:
        self._words_per_minute = settings.words_per_minute
        self._voice_id = settings.voice
        self._voice = (settings.voice, str(settings.words_per_minute), f"{settings.volume:.3f}")
        self._cache = SpeechCache((settings.cache or paths.cache_dir()) / "speech")
        self._child = Child("voiceskill.speak_worker", self._voice)
        self._answered = False

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, or None when none is running."""
        return self._child.pid

    def start(self) -> None:
        """Start the worker now, so that it is ready when the first sentence is."""
        self._child.start()

    def render(self, sentence: str, *, keep: bool = False) -> Pcm:
        """Return ``sentence`` as sound; nothing to say gives no samples.

        ``keep`` caches it on disk: only for sentences of the content, never for a person's words.
        Raises SpeechError when espeak-ng is missing, fails, or gives no answer within twice the
        expected length and 3 seconds, one restart included; SettingsError for an unknown voice.
        """
        if not sentence.strip():
            return _NOTHING
        known = self._cache.get(sentence, self._voice)
        if known is not None:
            return known
        answer = self._ask(sentence)
        match answer:
            case Rendered():
                pcm = Pcm(answer.rate_hz, answer.samples)
                if keep:
                    self._cache.put(sentence, self._voice, answer.engine, pcm)
                return pcm
            case EngineMissing():
                raise SpeechError(
                    "No speech engine found.",
                    "Install it with: sudo apt install libespeak-ng1 (captions work without it).",
                )
            case VoiceUnknown():
                raise SettingsError(
                    f"There is no voice called '{self._voice_id}'.",
                    f"Choose one of: {', '.join(answer.known[:_SHOWN_VOICES])}.",
                )
            case _:
                raise SpeechError(
                    f"The speech engine failed: {answer.message}.", "The captions still work."
                )

    def close(self) -> None:
        """End the worker."""
        self._child.close()

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, sentence: str) -> Answer:
        message = msgspec.msgpack.encode(Say(sentence))
        try:
            return self._exchange(message, sentence)
        except ChildFailed:
            self._answered = False
        try:
            return self._exchange(message, sentence)
        except ChildFailed as error:
            raise SpeechError(
                "The speech engine failed twice.", "The captions still work; try again."
            ) from error

    def _exchange(self, message: bytes, sentence: str) -> Answer:
        expected_seconds = len(sentence.split()) * 60 / self._words_per_minute
        deadline_seconds = expected_seconds * 2 + 3 + (0 if self._answered else START_SECONDS)
        reply = self._child.request(message, deadline_seconds)
        self._answered = True
        answer: Answer = msgspec.msgpack.decode(reply, type=Answer)
        return answer
