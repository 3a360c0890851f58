"""The Python API: ``with Skill() as skill: answer = skill.ask("question.wav")``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import TracebackType

from voiceskill import settings as settings_module
from voiceskill.events import (
    Event,
    Frame,
    Interrupted,
    Match,
    NoMatch,
    Pcm,
    RedFlag,
    Refusal,
    Reply,
    ReplyKind,
    Spoken,
    Transcript,
    Utterance,
)
from voiceskill.paths import settings_file
from voiceskill.play import Loudspeaker
from voiceskill.session import Session
from voiceskill.settings import Settings

PAUSE_SECONDS = 0.2
"""Between the sentences of an answer kept as one recording."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question."""

    transcript: Transcript
    """What was heard; of a recording with pauses, all of it."""
    intent: str | None
    """Such as ``why.legs``; None when the question was refused or a danger sign was heard."""
    reason: Refusal | None
    """Why it was refused; None when it was not."""
    slots: Mapping[str, str]
    score: float
    """Fuzzy score of the intent, or of the nearest one when refused, 0 to 100."""
    red_flag: str | None
    """Id of the danger sign, such as ``F1``."""
    kind: ReplyKind
    reply: tuple[str, ...]
    """Sentences to say."""
    sources: tuple[Source, ...]
    events: tuple[Event, ...] = field(repr=False)
    """Everything that happened, in order."""
    stage_seconds: Mapping[str, float] = field(repr=False)
    """Time spent listening (reading and endpointing), recognising and deciding."""
    _render: Callable[[str], Pcm] = field(repr=False, compare=False)

    def pcm(self) -> Pcm:
        """Return the whole reply as sound. Raises SpeechError or SettingsError."""
        parts = [self._render(sentence) for sentence in self.reply]
        if not parts:
            return Pcm(22_050, b"")
        rate_hz = parts[0].rate_hz
        pause = bytes(2 * round(PAUSE_SECONDS * rate_hz))
        return Pcm(rate_hz, pause.join(part.samples for part in parts))


class Skill:
    """The assistant; a context manager that ends its worker processes.

    Without ``settings`` the user's settings file and the environment decide. A conversation is
    kept from question to question, so that "say that again" works. ``on_compile`` is called before
    the recogniser's graph is compiled, which takes seconds and happens once for a content.
    """

    def __init__(
        self, settings: Settings | None = None, *, on_compile: Callable[[], None] | None = None
    ) -> None:
        self.settings = settings or settings_module.load(settings_file())
        self.session = Session(self.settings, on_compile=self._compiling)
        self._on_compile = on_compile
        self._recording: Path | None = None

    def expect(self, recording: str | PathLike[str]) -> None:
        """Start the recogniser for a recording that ``ask`` will be given next.

        Raises what ``ask`` raises, but AudioError only when the graph has to be compiled first.
        """
        self._recording = Path(recording)
        self.session.start_hearing()

    def ask(self, recording: str | PathLike[str]) -> Answer:
        """Answer the question in a recording (WAV, FLAC or OGG).

        Raises AudioError for a file that cannot be used, ModelError, GraphError, ContentError and
        RecogniserError.
        """
        self.expect(recording)
        return self._answer(self.session.hear_recording(self._frames(Path(recording))))

    def ask_text(self, text: str) -> Answer:
        """Answer a typed question. Raises ContentError."""
        return self._answer(self.session.hear_text(text))

    def unanswered(self) -> Answer | None:
        """Return what follows when a question just asked about a danger sign gets no answer.

        None when no question is waiting.
        """
        events = tuple(self.session.unanswered())
        return self._answer(iter(events)) if events else None

    def speak(
        self, answer: Answer, loudspeaker: Loudspeaker | None = None
    ) -> Iterator[Spoken | Interrupted]:
        """Yield each sentence of ``answer`` as sound, playing it where there is a loudspeaker.

        Raises SpeechError, SettingsError and DeviceError.
        """
        yield from self.session.speak(Reply(answer.kind, answer.reply), loudspeaker)

    def forget(self) -> None:
        """Begin a new conversation."""
        self.session.forget()

    def close(self) -> None:
        """End the worker processes."""
        self.session.close()

    def __enter__(self) -> Skill:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _frames(self, recording: Path) -> Iterator[Frame]:
        # Imported here because typed questions need neither numpy nor soundfile, and only now,
        # because the recogniser's process loads its model meanwhile.
        from voiceskill import capture, wav

        yield from capture.frames_of(wav.blocks(recording, self.settings))

    def _compiling(self) -> None:
        """Refuse a recording that cannot be used before seconds are spent on its behalf."""
        if self._recording is not None:
            next(self._frames(self._recording), None)
        if self._on_compile is not None:
            self._on_compile()

    def _answer(self, happening: Iterable[Event]) -> Answer:
        events = tuple(happening)
        heard = [event for event in events if isinstance(event, Transcript)]
        verdict = next((e for e in events if isinstance(e, RedFlag | Match | NoMatch)), None)
        flags = [event for event in events if isinstance(event, RedFlag)]
        reply = next(event for event in events if isinstance(event, Reply))
        match = verdict if isinstance(verdict, Match) else None
        refusal = verdict if isinstance(verdict, NoMatch) else None
        known = self.session.catalogue.sources
        sources = tuple(Source(known[id].title, known[id].url) for id in reply.sources)
        return Answer(
            transcript=_decisive(heard, sum(isinstance(event, Utterance) for event in events)),
            intent=match.intent if match else None,
            reason=refusal.reason if refusal else None,
            slots=dict(match.slots) if match else {},
            score=match.score if match else refusal.nearest_score if refusal else 0.0,
            red_flag=flags[-1].id if flags else None,
            kind=reply.kind,
            reply=reply.sentences,
            sources=sources,
            events=events,
            stage_seconds=dict(self.session.stage_seconds),
            _render=self.session.voice.render,
        )


def _decisive(heard: list[Transcript], utterances: int) -> Transcript:
    """Return what the answer is about: all of it, or two utterances heard together."""
    if len(heard) == 1 or len(heard) > utterances > 0:
        return heard[-1]
    text = " ".join(transcript.text for transcript in heard if transcript.text)
    return Transcript(text, tuple(word for transcript in heard for word in transcript.words))
