"""Augmentation of a batch of log mel energies, cheap enough for every batch anew.

What a waveform would need a filter, a mixer or a vocal tract for is here an offset, a log-sum or a
shift along the mel axis. All functions take and return [batch, frames, BINS] tensors.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.training.frontend import BINS

BUCKET = 48
"""Batches are a multiple of this many frames long."""
FLOOR = -15.0
"""Log mel energy of digital silence (Kaldi's floor is -15.9)."""


def _uniform(shape: tuple[int, ...], low: float, high: float, like: Tensor) -> Tensor:
    return torch.empty(shape, device=like.device).uniform_(low, high)


def warped(x: Tensor, lengths: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Return the batch with other vocal tracts (+-12 %) and paces (0.88 to 1.15 times as long).

    ``share`` of the examples get a warped frequency axis; the pace is one draw for the batch.
    """
    batch, frames, _ = x.shape
    pace = float(torch.empty(1).uniform_(0.88, 1.15))
    out_frames = max(1, round(frames * pace / BUCKET)) * BUCKET
    pace = out_frames / frames
    tract = 1.0 + _uniform((batch,), -0.12, 0.12, x) * (_uniform((batch,), 0, 1, x) < share)
    time = torch.linspace(-1, 1, out_frames, device=x.device)
    mel = torch.linspace(0, 1, BINS, device=x.device)[None, :] * tract[:, None] * 2 - 1
    grid = torch.stack(
        [
            mel.clamp(-1, 1)[:, None, :].expand(batch, out_frames, BINS),
            time[None, :, None].expand(batch, out_frames, BINS),
        ],
        dim=-1,
    )
    sampled = functional.grid_sample(
        x[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True
    )
    return sampled[:, 0], torch.clamp((lengths * pace).long(), max=out_frames)


def coloured(x: Tensor) -> Tensor:
    """Return the batch through random smooth filters and at random levels."""
    knots = torch.randn(len(x), 1, 6, device=x.device) * 0.4
    curve = functional.interpolate(knots, size=BINS, mode="linear", align_corners=True)
    gain = _uniform((len(x), 1, 1), -3.0, 2.0, x)
    return (x + curve + gain).clamp_min(FLOOR)


def mixed_up(x: Tensor, share: float) -> Tensor:
    """Return the batch with ``share`` of the examples over another one, reversed and softer."""
    other = x.roll(1, 0).flip(1)
    level = x.amax((1, 2), keepdim=True) - other.amax((1, 2), keepdim=True)
    down = _uniform((len(x), 1, 1), 1.2, 6.0, x)  # 5 to 26 dB in natural logarithms of power
    picked = _uniform((len(x), 1, 1), 0, 1, x) < share
    return torch.where(picked, torch.logaddexp(x, other + level - down), x)


def steady(x: Tensor, share: float) -> Tensor:
    """Return the batch with ``share`` of the examples over steady noise of a random colour."""
    knots = torch.randn(len(x), 1, 5, device=x.device) * 1.5
    curve = functional.interpolate(knots, size=BINS, mode="linear", align_corners=True)
    loud = x.amax((1, 2), keepdim=True)
    down = _uniform((len(x), 1, 1), 2.5, 12.0, x)
    grain = torch.randn_like(x) * 0.5
    picked = _uniform((len(x), 1, 1), 0, 1, x) < share
    return torch.where(picked, torch.logaddexp(x, loud - down + curve + grain), x)


def masked(x: Tensor) -> Tensor:
    """Return the batch with one band and up to two short stretches of time at their mean."""
    batch, frames, _ = x.shape
    mean = x.mean((1, 2), keepdim=True)
    bins = torch.arange(BINS, device=x.device)[None, None, :]
    low = _uniform((batch, 1, 1), 0, BINS, x)
    hidden = (bins >= low) & (bins < low + _uniform((batch, 1, 1), 0, 7, x))
    times = torch.arange(frames, device=x.device)[None, :, None]
    for _ in range(2):
        start = _uniform((batch, 1, 1), 0, frames, x)
        hidden = hidden | ((times >= start) & (times < start + _uniform((batch, 1, 1), 0, 16, x)))
    return torch.where(hidden, mean, x)


def distorted(x: Tensor, lengths: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Return a newly distorted batch and its lengths; ``strength`` 0 to 1 is a curriculum."""
    x, lengths = warped(x, lengths, 0.5)
    x = coloured(x)
    x = mixed_up(x, 0.25 * strength)
    x = steady(x, 0.30 * strength)
    return (masked(x) if strength > 0 else x), lengths
