"""Wires the stages in order: sound or text in, events out. The only place that knows the order.

Every transcript is judged by ``Judge``, which looks for danger before anything else, and ``_turn``
and ``_overdue`` are the only producers of replies, so nothing gets round the danger signs.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType

import msgspec

from voiceskill import dialogue, models, paths
from voiceskill.content import load, read, red_flags
from voiceskill.content.catalogue import Catalogue
from voiceskill.content.red_flags import RedFlagTable
from voiceskill.dialogue import Danger, Heard, State
from voiceskill.endpoint import Endpointer
from voiceskill.errors import RecogniserError
from voiceskill.events import (
    Event,
    Frame,
    Interrupted,
    NoMatch,
    RedFlag,
    Refusal,
    Reply,
    SpeechStarted,
    Spoken,
    Transcript,
    Utterance,
)
from voiceskill.judge import Judge
from voiceskill.play import Loudspeaker
from voiceskill.readings import joined
from voiceskill.recognise import Recogniser
from voiceskill.settings import Settings
from voiceskill.voice import Voice

RECORDING_END_SILENCE_SECONDS = 1.0
"""Nobody waits for a recording, so a pause within its question may be longer than live."""


class Session:
    """One conversation; a context manager that ends its worker processes.

    Everything is loaded when it is first needed. ``on_compile`` is called before the recogniser's
    graph is compiled, which takes seconds; ``clock`` is any that only goes forward, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_compile: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.voice = Voice(settings)
        self.stage_seconds: dict[str, float] = {}
        """Time spent in each stage since the last question began."""
        self._settings = settings
        self._on_compile = on_compile
        self._clock = clock
        self._state = State()
        self._recogniser: Recogniser | None = None

    @cached_property
    def catalogue(self) -> Catalogue:
        """The content. Raises ContentError."""
        return load.load(self._intents, cache=self._settings.cache)

    @cached_property
    def red_flags(self) -> RedFlagTable:
        """The danger signs. Raises ContentError."""
        return red_flags.load(read.language_folder(self._intents))

    @property
    def recogniser_pid(self) -> int | None:
        """Process id of the recogniser's worker, or None when none is running."""
        return self._recogniser.worker_pid if self._recogniser else None

    def start_hearing(self) -> None:
        """Start the recogniser now. Raises ModelError, GraphError or ContentError."""
        self._hearing().start()

    def hear(self, frames: Iterable[Frame]) -> Iterator[Event]:
        """Yield the events of live sound: every utterance is a turn of the conversation.

        Raises ContentError, ModelError, GraphError and what ``frames`` raises. A recogniser that
        fails is replaced, and the speaker is asked to say it again.
        """
        self._hearing().start()
        self._judge.get_ready()
        for event in self._endpoints(frames, self._settings):
            if not isinstance(event, Utterance):
                if event is not None:
                    yield event
                yield from self.wait()
                continue
            yield event
            self.stage_seconds = {}
            try:
                transcript = self._transcribe(event)
            except RecogniserError:
                yield from self._turn(NoMatch(Refusal.LOW_CONFIDENCE, ""))
                continue
            yield transcript
            # A cough is not a question, unless one has been asked and silence would be an answer.
            if transcript.text or self._state.pending is not None:
                yield from self._turn(self._judge.one(transcript))

    def hear_recording(self, frames: Iterable[Frame]) -> Iterator[Event]:
        """Yield the events of a whole recording, taken as one turn however many utterances it has.

        A danger sign in any of them comes first, else the first question that can be answered
        counts, else the last. Two utterances heard together, for a question with a pause in it,
        have a transcript of their own when they decide. Raises RecogniserError besides the errors
        of ``hear``.
        """
        self.stage_seconds = {}
        self._hearing().start()
        self._judge.get_ready()
        silence = max(self._settings.end_silence_seconds, RECORDING_END_SILENCE_SECONDS)
        settings = msgspec.structs.replace(self._settings, end_silence_seconds=silence)
        utterances: list[Utterance] = []
        transcripts: list[Transcript] = []
        for event in self._endpoints(frames, settings):
            if event is not None:
                yield event
            if isinstance(event, Utterance):
                utterances.append(event)
                transcripts.append(self._transcribe(event))
                yield transcripts[-1]
        pairs = [
            self._transcribe(joined(first, second, silence))
            for first, second in itertools.pairwise(utterances)
        ]
        judged, transcript = self._judge.recording(transcripts, pairs)
        if transcript in pairs:
            yield transcript
        yield from self._turn(judged)

    def hear_text(self, text: str) -> Iterator[Event]:
        """Yield the events of a typed question. Raises ContentError."""
        self.stage_seconds = {}
        transcript = Transcript(text, typed=True)
        yield transcript
        yield from self._turn(self._judge.one(transcript))

    def wait(self) -> Iterator[Event]:
        """Yield what is to be said when a question about a danger sign waited too long."""
        yield from self._overdue(self._clock())

    def unanswered(self) -> Iterator[Event]:
        """Yield what is to be said when nobody is there to answer a question just asked."""
        bridge = tuple(self.catalogue.wording.check_unanswered)
        for event in self._overdue(math.inf):
            if isinstance(event, Reply):
                yield replace(event, sentences=bridge + event.sentences)
            else:
                yield event

    def speak(
        self, reply: Reply, loudspeaker: Loudspeaker | None = None
    ) -> Iterator[Spoken | Interrupted]:
        """Render the reply sentence by sentence; yield each and then play it.

        The event comes before the sound, so that captions are never late. Raises SpeechError,
        SettingsError and DeviceError.
        """
        for sentence in reply.sentences:
            pcm = self.voice.render(sentence)
            yield Spoken(sentence, pcm)
            if loudspeaker is not None and not loudspeaker.play(pcm):
                yield Interrupted(sentence)
                return
        if loudspeaker is not None:
            loudspeaker.finish()

    def forget(self) -> None:
        """Begin a new conversation, as for the next visitor."""
        self._state = State()
        self.voice.reset()

    def close(self) -> None:
        """End the worker processes."""
        if self._recogniser is not None:
            self._recogniser.close()
        self.voice.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _intents(self) -> Path:
        return self._settings.intents or paths.bundled("intents")

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.catalogue, self.red_flags, self._settings)

    def _hearing(self) -> Recogniser:
        if self._recogniser is None:
            model = models.resolve(self._settings)
            folder = models.prepare(model, self.catalogue, self._settings, self._on_compile)
            self._recogniser = Recogniser(folder)
        return self._recogniser

    def _transcribe(self, utterance: Utterance) -> Transcript:
        with self._timed("recognise"):
            return self._hearing().transcribe(utterance)

    def _endpoints(
        self, frames: Iterable[Frame], settings: Settings
    ) -> Iterator[SpeechStarted | Utterance | None]:
        """Yield what the endpointer finds, and None after frames in which it finds nothing."""
        # Imported here because typed questions need neither numpy nor the detector.
        from voiceskill.vad import Vad

        vad, endpointer = Vad(), Endpointer(settings)
        source = iter(frames)
        while True:
            with self._timed("listen"):
                frame = next(source, None)
                found = (
                    endpointer.flush()
                    if frame is None
                    else endpointer.step(frame, vad.probability(frame))
                )
            yield from found or (None,)
            if frame is None:
                return

    def _turn(self, heard: Heard) -> Iterator[Event]:
        yield heard.flag if isinstance(heard, Danger) else heard
        asked = self._state.pending
        with self._timed("decide"):
            self._state, reply = dialogue.respond(
                self._state, heard, self._clock(), self.catalogue, self._settings
            )
        if asked is not None and not isinstance(heard, Danger):
            yield from _settled(asked.danger, reply)
        self.voice.follow(reply)
        yield reply

    def _overdue(self, now: float) -> Iterator[Event]:
        asked = self._state.pending
        said = dialogue.overdue(self._state, now)
        if asked is not None and said is not None:
            self._state, reply = said
            yield from _settled(asked.danger, reply)
            yield reply

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.stage_seconds[stage] = self.stage_seconds.get(stage, 0.0) + spent


def _settled(danger: Danger, reply: Reply) -> Iterator[RedFlag]:
    """Yield the danger sign that stands once the question about it has been answered."""
    if reply == danger.confirmed:
        yield replace(danger.flag, doubt=False)
    elif reply == danger.denied and danger.flag.otherwise is not None:
        yield danger.flag.otherwise
