"""Kaldi's MFCC in two steps: log mel energies, and the matrix that turns them into cepstra.

The network is trained on log mel energies, where a room's colour is an offset, a noise is an
addition and a shorter vocal tract is a shift along the axis. As many cepstra as mel bins are kept,
so the cosine transform is invertible, and ``export`` folds its inverse into the first layer: Vosk
computes MFCC with ``conf/mfcc.conf``, whose numbers are the constants here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

RATE = 16_000
WINDOW = 400
"""Samples, 25 ms."""
SHIFT = 160
"""Samples, 10 ms."""
FFT = 512
BINS = 40
LOW_HZ = 40.0
HIGH_HZ = 7_600.0
PREEMPHASIS = 0.97
LIFTER = 22.0
FLOOR = float(np.finfo(np.float32).eps)
"""Energies below this are raised to it before the logarithm, as Kaldi does."""


def _mel(hertz: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0))


@lru_cache(maxsize=1)
def mel_matrix() -> Array:
    """Return the [FFT / 2, BINS] triangular filters of Kaldi's ``MelBanks``."""
    low, high = _mel(LOW_HZ), _mel(HIGH_HZ)
    edges = low + (high - low) / (BINS + 1) * np.arange(BINS + 2)
    centres = _mel(np.arange(FFT // 2) * RATE / FFT)[:, None]
    rising = (centres - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - centres) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


@lru_cache(maxsize=1)
def _window() -> Array:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))
    return (hann**0.85).astype(np.float32)


def log_mel(samples: Array) -> Array:
    """Return [frames, BINS] log mel energies of samples in [-1, 1] at 16 kHz.

    The samples are scaled to the 16-bit range first, as Kaldi expects; a tail shorter than a
    window is dropped (``snip-edges``). Fewer than ``WINDOW`` samples give no frames.
    """
    count = 1 + (len(samples) - WINDOW) // SHIFT
    if count < 1:
        return np.zeros((0, BINS), np.float32)
    scaled = np.ascontiguousarray(samples, np.float32) * 32_768.0
    frames = np.lib.stride_tricks.sliding_window_view(scaled, WINDOW)[::SHIFT][:count]
    frames = frames - frames.mean(axis=1, keepdims=True)
    previous = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    windowed = (frames - PREEMPHASIS * previous) * _window()
    spectrum = np.fft.rfft(windowed, FFT)[:, : FFT // 2]
    power = spectrum.real**2 + spectrum.imag**2
    energies = np.maximum(power @ mel_matrix(), np.float32(FLOOR))
    return np.asarray(np.log(energies), np.float32)


@lru_cache(maxsize=1)
def cepstral_matrix() -> npt.NDArray[np.float64]:
    """Return the [BINS, BINS] matrix C with MFCC = C @ log mel: cosine transform and lifter."""
    k, n = np.arange(BINS)[:, None], np.arange(BINS)[None, :]
    cosine = np.sqrt(2.0 / BINS) * np.cos(np.pi / BINS * (n + 0.5) * k)
    cosine[0] = np.sqrt(1.0 / BINS)
    lifter = 1.0 + 0.5 * LIFTER * np.sin(np.pi * np.arange(BINS) / LIFTER)
    return np.asarray(lifter[:, None] * cosine)


MFCC_CONF = f"""--sample-frequency={RATE}
--use-energy=false
--num-mel-bins={BINS}
--num-ceps={BINS}
--low-freq={LOW_HZ:.0f}
--high-freq={HIGH_HZ:.0f}
--dither=0
"""
"""``conf/mfcc.conf``: what Vosk must compute for the network to see what it was trained on."""
