"""Rooms, microphones and noises, all made here: a voice in a studio becomes one by a bed.

Everything takes its random numbers from the caller. Samples are float32 in [-1, 1] at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import soxr
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve, sosfilt

Samples = npt.NDArray[np.float32]
Rng = np.random.Generator
RATE = 16_000


def resampled(samples: Samples, factor: float) -> Samples:
    """Return the samples played ``factor`` times as fast: pace, pitch and formants move."""
    return np.asarray(soxr.resample(samples, RATE, RATE / factor, quality="QQ"), np.float32)


def padded(samples: Samples, rng: Rng) -> Samples:
    """Return the samples with 0.05 to 0.9 s of silence before and after."""
    before, after = (int(RATE * rng.uniform(0.05, 0.9)) for _ in range(2))
    return np.concatenate([np.zeros(before, np.float32), samples, np.zeros(after, np.float32)])


def room_response(rng: Rng) -> Samples:
    """Return a made-up room: a direct path, early reflections and an exponential tail.

    Reverberation time is 0.1 to 0.8 s; the tail's colour darkens with time, as air and curtains
    make it. The direct path comes first, so that a sentence keeps its timing.
    """
    decay = rng.uniform(0.1, 0.8)
    length = int(RATE * min(decay, 0.6))
    times = np.arange(length) / RATE
    tail = rng.standard_normal(length) * np.exp(-6.9 * times / decay)
    dull = rng.uniform(0.0, 0.9)
    tail = sosfilt(np.array([[1 - dull, 0, 0, 1, -dull, 0]]), tail)
    start = int(RATE * rng.uniform(0.002, 0.02))
    tail[:start] = 0.0
    for _ in range(rng.integers(2, 8)):
        at = int(RATE * rng.uniform(0.001, 0.04))
        tail[at] += rng.uniform(-1, 1) * 3.0 * np.exp(-at / (0.02 * RATE))
    # Direct-to-reverberant ratio: from an arm's length to across the room.
    ratio_db = rng.uniform(-3.0, 15.0)
    tail *= 10 ** (-ratio_db / 20) / (np.sqrt((tail**2).sum()) + 1e-9)
    tail[0] = 1.0
    return np.asarray(tail, np.float32)


def band_limited(samples: Samples, rng: Rng) -> Samples:
    """Return the samples through a telephone or through a pillow."""
    size = next_fast_len(len(samples), real=True)
    spectrum = rfft(samples, size)
    hertz = np.fft.rfftfreq(size, 1 / RATE).astype(np.float32)
    if rng.random() < 0.5:
        low, high = rng.uniform(150, 350), rng.uniform(3_200, 4_000)
        gain = 1 / (1 + (low / np.maximum(hertz, 1.0)) ** 4) / (1 + (hertz / high) ** 12)
    else:
        corner = rng.uniform(900, 3_000)
        gain = 1 / (1 + (hertz / corner) ** rng.uniform(1.5, 3.0))
    return np.asarray(irfft(spectrum * gain, size)[: len(samples)], np.float32)


def whispered(samples: Samples, rng: Rng) -> Samples:
    """Return the samples with their excitation replaced by noise, frame by frame.

    Each 20 ms spectrum keeps its smoothed magnitude and gets random phases: no pitch is left.
    """
    size, hop = 640, 320
    window = np.sqrt(np.hanning(size + 1)[:-1])
    count = max(1, (len(samples) - size) // hop + 1)
    out = np.zeros(len(samples) + size)
    kernel = np.ones(9) / 9
    for index in range(count):
        at = index * hop
        frame = np.zeros(size)
        piece = samples[at : at + size]
        frame[: len(piece)] = piece
        magnitude = np.convolve(np.abs(np.fft.rfft(frame * window)), kernel, "same")
        phases = np.exp(2j * np.pi * rng.random(len(magnitude)))
        tilt = np.linspace(0.3, 1.5, len(magnitude))
        out[at : at + size] += np.fft.irfft(magnitude * phases * tilt, size) * window
    return np.asarray(out[: len(samples)], np.float32)


def coloured_noise(length: int, rng: Rng) -> Samples:
    """Return noise with a random spectral slope, white to brown, and a random slow swell."""
    size = next_fast_len(length, real=True)
    spectrum = rfft(rng.standard_normal(size, np.float32))
    bins = np.maximum(np.arange(len(spectrum), dtype=np.float32), 5.0) / len(spectrum)
    noise = irfft(spectrum * bins ** np.float32(-rng.uniform(0, 2) / 2), size)[:length]
    swell = 1 + rng.uniform(0, 0.6) * np.sin(
        2 * np.pi * rng.uniform(0.1, 2) * np.arange(length) / RATE + rng.uniform(0, 6)
    )
    return np.asarray(noise * swell, np.float32)


def hum(length: int, rng: Rng) -> Samples:
    """Return a fan or mains hum: harmonics of a low tone over coloured noise."""
    times = np.arange(length) / RATE
    base = rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(40, 240)])
    tones = np.zeros(length)
    for number in range(1, 9):
        tones += np.sin(2 * np.pi * base * number * times + rng.uniform(0, 6)) * (
            rng.random() / number
        )
    noise = coloured_noise(length, rng)
    return np.asarray(tones + noise / (noise.std() + 1e-9) * rng.uniform(0.1, 1.5), np.float32)


def clatter(length: int, rng: Rng) -> Samples:
    """Return dishes and cupboards: short ringing strokes at random times over faint noise."""
    out = 0.05 * coloured_noise(length, rng)
    out = out / (np.abs(out).max() + 1e-9) * 0.03
    for _ in range(rng.integers(2, 4 + 3 * length // RATE)):
        size = int(RATE * rng.uniform(0.02, 0.35))
        times = np.arange(size) / RATE
        decay = np.exp(-times * rng.uniform(10, 80))
        stroke = rng.standard_normal(size) * rng.uniform(0.1, 1.0)
        for _ in range(rng.integers(1, 6)):
            stroke += np.sin(2 * np.pi * rng.uniform(400, 6_500) * times + rng.uniform(0, 6))
        at = rng.integers(0, max(1, length - size))
        piece = (stroke * decay * rng.uniform(0.05, 1.0))[: length - at]
        out[at : at + len(piece)] += piece
    return np.asarray(out, np.float32)


def snore(length: int, rng: Rng) -> Samples:
    """Return slow breathing with a rough low buzz."""
    times = np.arange(length) / RATE
    breath = np.maximum(0, np.sin(2 * np.pi * rng.uniform(0.2, 0.4) * times + rng.uniform(0, 6)))
    rate = rng.uniform(25, 60) * (1 + 0.1 * np.sin(2 * np.pi * 1.3 * times))
    buzz = np.maximum(0, np.sin(2 * np.pi * np.cumsum(rate) / RATE)) ** 3
    noise = coloured_noise(length, rng)
    noise = noise / (noise.std() + 1e-9)
    mixed = breath * (buzz * noise + rng.uniform(0.05, 0.5) * noise)
    return np.asarray(mixed, np.float32)


_SOUNDS: tuple[Callable[[int, Rng], Samples], ...] = (coloured_noise, hum, clatter, snore)
_SHARES = (0.40, 0.25, 0.23, 0.12)


class Bank:
    """Rooms and noises made once and drawn from many times, for speed.

    A drawn noise starts anywhere in its clip and wraps round; a second one is sometimes mixed in.
    """

    CLIPS = 25
    CLIP_SECONDS = 8
    ROOMS = 300

    def __init__(self, voices: Sequence[Samples], rng: Rng) -> None:
        """Make the bank; ``voices`` are what babble is mixed from and may be empty."""
        length = RATE * self.CLIP_SECONDS
        self._voices = voices
        self._rooms = [room_response(rng) for _ in range(self.ROOMS)]
        self._clips = [[sound(length, rng) for _ in range(self.CLIPS)] for sound in _SOUNDS]
        self._white = rng.standard_normal(length, np.float32)

    def _cut(self, clip: Samples, length: int, rng: Rng) -> Samples:
        start = int(rng.integers(len(clip)))
        return np.take(clip, np.arange(start, start + length), mode="wrap")

    def white(self, length: int, rng: Rng) -> Samples:
        """Return white noise of unit power."""
        return self._cut(self._white, length, rng)

    def reverberated(self, samples: Samples, rng: Rng) -> Samples:
        """Return the samples as heard in a random room, as long as before."""
        room = self._rooms[rng.integers(len(self._rooms))]
        return np.asarray(fftconvolve(samples, room)[: len(samples)], np.float32)

    def sound(self, length: int, rng: Rng) -> Samples:
        """Return a random noise that is not speech."""
        clips = self._clips[int(rng.choice(len(_SOUNDS), p=_SHARES))]
        return self._cut(clips[rng.integers(len(clips))], length, rng)

    def babble(self, length: int, rng: Rng) -> Samples:
        """Return one to six other people talking, or a television when few, in a room."""
        out = np.zeros(length, np.float32)
        for _ in range(rng.integers(1, 7)):
            voice = self._voices[int(rng.integers(len(self._voices)))]
            out += self._cut(voice, length, rng) * np.float32(rng.uniform(0.3, 1.0))
        return self.reverberated(out, rng) if rng.random() < 0.7 else out

    def noise(self, length: int, rng: Rng) -> Samples:
        """Return babble or one random noise, or two mixed, of unknown loudness."""
        if self._voices and rng.random() < 0.4:
            return self.babble(length, rng)
        first = self.sound(length, rng)
        if rng.random() < 0.3:
            second = self.sound(length, rng)
            first = first + second * np.float32(
                rng.uniform(0.2, 1.0) * first.std() / (second.std() + 1e-9)
            )
        return first


def mixed(samples: Samples, other: Samples, snr_db: float) -> Samples:
    """Return ``samples`` plus ``other``, their mean powers ``snr_db`` apart."""
    ratio = ((samples**2).mean() + 1e-12) / ((other**2).mean() + 1e-12)
    return np.asarray(samples + other * np.sqrt(ratio / 10 ** (snr_db / 10)), np.float32)


def at_level(samples: Samples, bank: Bank, rng: Rng) -> Samples:
    """Return the samples at a random level, sometimes clipped, never with digital silence."""
    peak = np.abs(samples).max() + 1e-9
    if rng.random() < 0.08:
        samples = np.clip(samples * rng.uniform(1.5, 4.0) / peak, -1, 1)
        peak = 1.0
    samples = samples / peak * 10 ** (rng.uniform(-35, -1) / 20)
    floor = 10 ** (rng.uniform(-95, -66) / 20)
    return np.asarray(np.clip(samples + floor * bank.white(len(samples), rng), -1, 1), np.float32)


def lightly(samples: Samples, bank: Bank, rng: Rng) -> Samples:
    """Return a near-studio copy: another pace and pitch, a little noise, a random level."""
    samples = padded(resampled(samples, rng.uniform(0.9, 1.12)), rng)
    samples = mixed(samples, bank.sound(len(samples), rng), rng.uniform(25, 45))
    return at_level(samples, bank, rng)


def fully(samples: Samples, bank: Bank, rng: Rng) -> Samples:
    """Return a copy in a random room, through a random microphone, with a random noise."""
    samples = resampled(samples, rng.uniform(0.85, 1.18))
    if rng.random() < 0.06:
        samples = whispered(samples, rng)
    samples = padded(samples, rng)
    other = bank.noise(len(samples), rng)
    if rng.random() < 0.75:
        samples = bank.reverberated(samples, rng)
    snr_db = rng.uniform(3, 25) if rng.random() < 0.75 else rng.uniform(25, 40)
    samples = mixed(samples, other, snr_db)
    if rng.random() < 0.15:
        samples = band_limited(samples, rng)
    return at_level(samples, bank, rng)
