"""What is done to clean speech to make the awkward fixtures: levels, rooms, bandwidth, clipping."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import soxr
from scipy.signal import butter, sosfilt

from voiceskill.evaluate_noise import active, level_db

RATE_HZ = 16_000
NOMINAL_DBFS = -26.0
"""Level of the speech-active part of every ordinary fixture, the usual one of ITU-T P.56 tests."""
ROOM_TONE_DBFS = -90.0
"""One step of 16-bit audio: no ordinary fixture holds digital silence."""

Samples = np.ndarray


def levelled(speech: Samples, dbfs: float = NOMINAL_DBFS) -> Samples:
    """Speech with its active part at ``dbfs``, lowered where the peak would clip."""
    scaled = speech * 10 ** ((dbfs - level_db(speech, active(speech))) / 20)
    peak = float(np.abs(scaled).max())
    return scaled * (0.95 / peak) if peak > 0.95 else scaled


def trimmed(speech: Samples) -> Samples:
    """Speech without the pauses around it; 30 ms are kept on either side."""
    loud = np.flatnonzero(active(speech))
    edge = int(0.03 * RATE_HZ)
    return speech[max(0, loud[0] - edge) : loud[-1] + edge]


def padded(speech: Samples, before: float, after: float) -> Samples:
    """Speech with silence around it, in seconds."""
    return np.pad(speech, (int(before * RATE_HZ), int(after * RATE_HZ)))


def room_tone(length: int, seed: int) -> Samples:
    """Faint white noise."""
    hiss = np.random.default_rng(seed).standard_normal(length)
    return hiss * 10 ** (ROOM_TONE_DBFS / 20)


def telephone(speech: Samples) -> Samples:
    """The 300 to 3400 Hz band of a telephone line."""
    band = butter(4, (300, 3400), "bandpass", fs=RATE_HZ, output="sos")
    return levelled(sosfilt(band, speech))


def quiet(speech: Samples) -> Samples:
    """Active level 40 dB below full scale."""
    return levelled(speech, -40.0)


def very_quiet(speech: Samples) -> Samples:
    """Loudest sample 40 dB below full scale."""
    return speech * (0.01 / float(np.abs(speech).max()))


def clipped(speech: Samples) -> Samples:
    """Recorded 24 dB too hot, so that the peaks are cut flat."""
    return np.clip(speech * 10 ** (24 / 20), -1.0, 1.0)


def room(speech: Samples) -> Samples:
    """Heard across a furnished room: reverberation time 0.4 s, equal direct and late energy."""
    rng = np.random.default_rng(5)
    time = np.arange(int(0.4 * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / 0.4)
    tail[: int(0.005 * RATE_HZ)] = 0.0
    tail /= np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return levelled(np.convolve(speech, tail)[: len(speech) + len(time)])


TREATMENTS: dict[str, Callable[[Samples], Samples]] = {
    "telephone": telephone,
    "quiet": quiet,
    "very_quiet": very_quiet,
    "clipped": clipped,
    "room": room,
}
"""Treatments of speech; ``no_margins``, ``silence`` and ``room_tone`` are make.py's own."""


def resampled(speech: Samples, rate_hz: int, channels: int) -> Samples:
    """Speech at another rate; a second channel hears it 6 dB softer and 0.3 ms later."""
    out = soxr.resample(speech, RATE_HZ, rate_hz, quality="VHQ")
    if channels == 1:
        return out
    delay = int(0.0003 * rate_hz)
    return np.stack([out, 0.5 * np.pad(out, (delay, 0))[: len(out)]], axis=1)
