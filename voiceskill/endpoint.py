"""Where an utterance begins and ends: frames with speech probabilities in, utterances out.

Pure: the same frames and probabilities always give the same events, and no clock is read.
Defaults follow Silero's own iterator (start at 0.5, stay until 0.35).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from voiceskill.events import FRAME_SECONDS, Frame, SpeechStarted, Utterance
from voiceskill.settings import Settings

START_PROBABILITY = 0.5
STAY_PROBABILITY = 0.35
START_WINDOW_FRAMES = 5
START_SPEECH_FRAMES = 3
PRE_ROLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class _Heard:
    frame: Frame
    speech: bool


class Endpointer:
    """Cuts a stream of frames into utterances.

    Speech starts at 3 speech frames among 5 and takes the half second before it along. It ends
    after ``settings.end_silence_seconds`` without speech. At
    ``settings.longest_utterance_seconds`` it is cut and goes on in the next utterance, without a
    sample lost between the two.
    """

    def __init__(self, settings: Settings) -> None:
        self._end_frames = _frames(settings.end_silence_seconds)
        self._longest_frames = int(settings.longest_utterance_seconds / FRAME_SECONDS)
        self._waiting: list[_Heard] = []
        """Frames not yet known to be speech, newest last."""
        self._speaking: list[Frame] = []
        self._silent_frames = 0
        self._continuing = False
        """True after a cut at the longest length, until the speaker has been silent for once."""

    @property
    def speaking(self) -> bool:
        """True between SpeechStarted and Utterance."""
        return bool(self._speaking)

    def step(self, frame: Frame, probability: float) -> tuple[SpeechStarted | Utterance, ...]:
        """Take the next frame and its speech probability; return what has become known."""
        sensitive = self.speaking or self._continuing
        speech = probability >= (STAY_PROBABILITY if sensitive else START_PROBABILITY)
        self._silent_frames = 0 if speech else self._silent_frames + 1
        if self.speaking:
            self._speaking.append(frame)
            return self._perhaps_end()
        self._waiting.append(_Heard(frame, speech))
        return self._perhaps_start()

    def flush(self) -> tuple[Utterance, ...]:
        """End the stream: return the utterance still going on, if any, and start afresh."""
        rest = (self._utterance(truncated=False),) if self.speaking else ()
        self._waiting.clear()
        self._silent_frames, self._continuing = 0, False
        return rest

    def _perhaps_start(self) -> tuple[SpeechStarted | Utterance, ...]:
        window = self._waiting[-START_WINDOW_FRAMES:]
        needed = 1 if self._continuing else START_SPEECH_FRAMES
        if sum(heard.speech for heard in window) < needed:
            self._forget()
            return ()
        onset = next(heard.frame for heard in window if heard.speech)
        self._speaking = [heard.frame for heard in self._waiting]
        self._waiting.clear()
        return (SpeechStarted(onset.start_seconds), *self._perhaps_end())

    def _forget(self) -> None:
        if self._continuing and self._silent_frames < self._end_frames:
            return
        self._continuing = False
        # The window moves on by one frame, so its oldest frame must still have its pre-roll.
        keep = _frames(PRE_ROLL_SECONDS) + START_WINDOW_FRAMES - 1
        del self._waiting[:-keep]

    def _perhaps_end(self) -> tuple[Utterance, ...]:
        if self._silent_frames >= self._end_frames:
            self._continuing = False
            return (self._utterance(truncated=False),)
        if len(self._speaking) >= self._longest_frames:
            self._continuing = True
            return (self._utterance(truncated=True),)
        return ()

    def _utterance(self, *, truncated: bool) -> Utterance:
        frames, self._speaking = self._speaking, []
        return Utterance(
            pcm=b"".join(frame.pcm for frame in frames),
            start_seconds=frames[0].start_seconds,
            end_seconds=frames[-1].start_seconds + FRAME_SECONDS,
            truncated=truncated,
        )


def _frames(seconds: float) -> int:
    return max(1, math.ceil(seconds / FRAME_SECONDS))
