"""The voice activity detector on real sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voiceskill import wav
from voiceskill.capture import frames_of
from voiceskill.events import Frame
from voiceskill.settings import Settings
from voiceskill.vad import Vad

SPOKEN = sorted((Path(__file__).parent / "audio" / "clean").iterdir())[0]


def probabilities(vad: Vad, pcm: bytes) -> list[float]:
    return [vad.probability(frame) for frame in frames_of(pcm)]


def test_speech_is_likely_and_silence_is_not() -> None:
    spoken = wav.read(SPOKEN, Settings())
    assert max(probabilities(Vad(), spoken)) > 0.9
    assert max(probabilities(Vad(), bytes(32000))) < 0.1


def test_steady_noise_is_not_speech() -> None:
    noise = np.random.default_rng(0).normal(scale=500, size=32000).astype("<i2").tobytes()
    assert max(probabilities(Vad(), noise)[5:]) < 0.5


def test_reset_forgets() -> None:
    spoken = wav.read(SPOKEN, Settings())
    vad = Vad()
    first = probabilities(vad, spoken)
    vad.reset()
    assert probabilities(vad, spoken) == pytest.approx(first, abs=1e-6)


def test_another_frame_size_is_refused() -> None:
    with pytest.raises(ValueError, match="512 samples, not 100"):
        Vad().probability(Frame(bytes(200), 0.0))
