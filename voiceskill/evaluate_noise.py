"""Noise for evaluation: made here or read from a file, and mixed at an exact ratio.

All functions are pure: the same arguments, seed included, give the same samples on any machine
and in any order, which is what lets an evaluation run in parallel.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from voiceskill.events import SAMPLE_RATE_HZ

Samples = npt.NDArray[np.floating[Any]]
"""Mono at 16 kHz, -1 to 1."""

LEVEL_FRAME_SAMPLES = 320
"""20 ms, the step in which speech is told from pause."""

ACTIVE_RANGE_DB = 35.0
"""A frame this far below the loudest one counts as pause (after ITU-T P.56's active level)."""

PEAK_LIMIT = 0.98


def seed_of(*parts: str | float) -> int:
    """Return a seed that depends on the parts only, not on the process or the order of work."""
    return zlib.crc32("\x1f".join(str(part) for part in parts).encode())


def active(speech: Samples) -> npt.NDArray[np.bool_]:
    """Return which samples belong to speech rather than pause."""
    mask = np.zeros(len(speech), dtype=bool)
    frames = len(speech) // LEVEL_FRAME_SAMPLES
    if frames == 0:
        return ~mask
    blocks = speech[: frames * LEVEL_FRAME_SAMPLES].reshape(frames, LEVEL_FRAME_SAMPLES)
    power = (blocks**2).mean(axis=1)
    if power.max() == 0.0:
        return ~mask
    loud = power >= power.max() * 10 ** (-ACTIVE_RANGE_DB / 10)
    mask[: frames * LEVEL_FRAME_SAMPLES] = np.repeat(loud, LEVEL_FRAME_SAMPLES)
    return mask


def level_db(samples: Samples, mask: npt.NDArray[np.bool_] | None = None) -> float:
    """Return the RMS level in dB below full scale, over ``mask`` where given."""
    chosen = samples if mask is None else samples[mask]
    power = float((chosen**2).mean()) if len(chosen) else 0.0
    return 10 * float(np.log10(max(power, 1e-20)))


def fitted(noise: Samples, length: int, seed: int) -> Samples:
    """Return ``length`` samples of ``noise`` from a random place, repeated where it is short."""
    start = int(np.random.default_rng(seed).integers(len(noise)))
    repeats = -(-(start + length) // len(noise))
    return np.tile(noise, repeats)[start : start + length]


def mix(speech: Samples, noise: Samples, snr_db: float) -> Samples:
    """Return speech plus noise, ``snr_db`` apart over the speech-active part.

    ``noise`` has the length of ``speech``. The sum is scaled down as a whole where it would clip,
    which leaves the ratio as it is. Raises ValueError when the noise is silent there.
    """
    if len(noise) != len(speech):
        raise ValueError("noise and speech differ in length")
    mask = active(speech)
    noise_power = float((noise[mask] ** 2).mean())
    if noise_power == 0.0:
        raise ValueError("the noise is silent where there is speech")
    wanted = float((speech[mask] ** 2).mean()) / 10 ** (snr_db / 10)
    mixed = speech + noise * np.sqrt(wanted / noise_power)
    peak = float(np.abs(mixed).max())
    return np.asarray(mixed * (PEAK_LIMIT / max(peak, PEAK_LIMIT)))


def _shaped(length: int, rng: np.random.Generator, gain: Callable[[Samples], Samples]) -> Samples:
    """White noise filtered so that its spectrum follows ``gain`` of the frequency in hertz."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ)
    shaped: Samples = np.fft.irfft(spectrum * gain(hertz), length)
    return _unit(shaped)


def _band(hertz: Samples, centre: float, width: float) -> Samples:
    return np.asarray(np.exp(-0.5 * ((hertz - centre) / width) ** 2))


def fan(seconds: float, seed: int) -> Samples:
    """Return a desk fan: falling broadband rush, mains hum and the beat of the blades."""
    rng = np.random.default_rng(seed)
    length = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    rush = _shaped(length, rng, lambda hertz: 1 / (1 + (hertz / 300) ** 1.2))
    hum = sum(0.3 / n * np.sin(2 * np.pi * (100 * n * time + rng.random())) for n in (1, 2, 3))
    blades = 1 + 0.25 * np.sin(2 * np.pi * (23.5 * time + rng.random()))
    return _unit(rush * blades + hum)


def kitchen(seconds: float, seed: int) -> Samples:
    """Return a kitchen: refrigerator, running water, sizzling, and crockery now and then."""
    rng = np.random.default_rng(seed)
    length = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(length) / SAMPLE_RATE_HZ
    fridge = sum(0.25 / n * np.sin(2 * np.pi * (50 * n * time + rng.random())) for n in (1, 2, 4))
    gusts = 1 + 0.4 * np.sin(2 * np.pi * (0.4 * time + rng.random()))
    water = _shaped(length, rng, lambda hertz: 1 / (1 + (hertz / 2500) ** 2)) * 0.5 * gusts
    sizzle = _shaped(length, rng, lambda hertz: _band(hertz, 5500, 1200)) * 0.25
    sound = fridge + water + sizzle
    for at in np.sort(rng.uniform(0, seconds, size=max(1, round(seconds * 1.5)))):
        _strike(sound, int(at * SAMPLE_RATE_HZ), rng)
    return _unit(sound)


def _strike(sound: Samples, start: int, rng: np.random.Generator) -> None:
    """Add one clink of crockery: a few ringing partials that die away."""
    time = np.arange(min(len(sound) - start, SAMPLE_RATE_HZ // 2)) / SAMPLE_RATE_HZ
    for _ in range(4):
        pitch, decay = rng.uniform(1500, 6500), rng.uniform(0.02, 0.15)
        ring = np.sin(2 * np.pi * pitch * time) * np.exp(-time / decay)
        sound[start : start + len(time)] += rng.uniform(0.5, 2.0) * ring


VOWELS_HZ = ((300, 2300), (400, 2000), (550, 1750), (700, 1250), (550, 900), (350, 800))
"""First and second formants, rounded from Peterson and Barney (1952)."""


def babble(seconds: float, seed: int, talkers: int = 10) -> Samples:
    """Return many voices at once, none intelligible: vowels and hisses at syllable rate."""
    rng = np.random.default_rng(seed)
    length = int(seconds * SAMPLE_RATE_HZ)
    room = np.zeros(length)
    for _ in range(talkers):
        room += _talker(length, rng) * rng.uniform(0.4, 1.0)
    return _unit(room)


def _talker(length: int, rng: np.random.Generator) -> Samples:
    """One made-up voice: pulses of a wandering pitch through a new vowel every syllable."""
    out = np.zeros(length)
    pitch = rng.uniform(90, 230)
    start = 0
    while start < length:
        count = min(int(rng.uniform(0.12, 0.28) * SAMPLE_RATE_HZ), length - start)
        time = np.arange(count) / SAMPLE_RATE_HZ
        envelope = np.sin(np.pi * np.arange(count) / count)
        hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
        if rng.random() < 0.2:
            source, gain = rng.standard_normal(count), _band(hertz, 4500, 1500)
        else:
            here = pitch * rng.uniform(0.85, 1.2) * (1 - 0.1 * time / time[-1] if count > 1 else 1)
            phase = np.cumsum(np.broadcast_to(here, (count,))) / SAMPLE_RATE_HZ
            source = np.diff(np.floor(phase), prepend=0.0)
            first, second = VOWELS_HZ[rng.integers(len(VOWELS_HZ))]
            gain = _band(hertz, first, 120) + 0.5 * _band(hertz, second, 180)
            gain = gain + 0.2 * _band(hertz, 2800, 300)
        syllable = np.fft.irfft(np.fft.rfft(source) * gain, count) * envelope
        loudest = np.abs(syllable).max()
        if loudest > 0:
            out[start : start + count] = syllable / loudest
        start += count + int(rng.exponential(0.06) * SAMPLE_RATE_HZ)
    return out


def _unit(samples: Samples) -> Samples:
    return np.asarray(samples / np.sqrt((samples**2).mean()))


GENERATORS: dict[str, Callable[[float, int], Samples]] = {
    "babble": babble,
    "fan": fan,
    "kitchen": kitchen,
}
"""Noises that need no file, by the name ``--noise`` takes."""
