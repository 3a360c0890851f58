"""The acoustic network: a factored TDNN that reads log mel energies and writes CTC outputs.

The blocks follow the factored TDNN of Povey et al. 2018, "Semi-orthogonal low-rank matrix
factorization for deep neural networks": a linear bottleneck over (t - s, t), an affine layer over
(t, t + s), normalisation, ReLU, and a skip connection. Normalisation stands before the ReLU, so
that it folds into the affine layer; no convolution pads, so that it folds exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.frontend import BINS, cepstral_matrix
from voiceskill.graph.phones import PDF_COUNT

Matrix = npt.NDArray[np.float64]

FIRST_TAPS = 9
"""Input frames that the first layer sees."""
WIDTH = 512
BOTTLENECK = 128
SKIP_SCALE = 0.75
STRIDES = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2)
"""One number a block: its time step in outputs (30 ms)."""
SUBSAMPLING = 3
CONTEXT = FIRST_TAPS // 2 + SUBSAMPLING * sum(STRIDES)
"""Input frames of 10 ms needed on either side of an output."""


@dataclass(frozen=True, slots=True)
class Affine:
    """One exported layer: ``weight`` [out, len(offsets) * in] over the spliced input frames."""

    name: str
    offsets: tuple[int, ...]
    """Input frames spliced, in 10 ms frames relative to the output."""
    weight: Matrix
    bias: Matrix
    relu: bool
    skip: bool
    """Whether ``SKIP_SCALE`` times the block's input is added after the ReLU."""


def _spliced_product(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Return a two-tap convolution of [batch, time, in] by ``weight`` [out, in, 2].

    As one matrix product, which processors do faster than a convolution this short.
    """
    taps = torch.cat([x[:, : x.shape[1] - stride], x[:, stride:]], 2)
    product: Tensor = functional.linear(taps, weight.transpose(1, 2).flatten(1))
    return product


class Block(nn.Module):
    """Bottleneck, affine, normalisation, ReLU and skip; shortens time by ``2 * stride``."""

    def __init__(self, stride: int, dropout: float) -> None:
        super().__init__()
        self.stride = stride
        self.dropout = dropout
        self.narrow = nn.Conv1d(WIDTH, BOTTLENECK, 2, dilation=stride, bias=False)
        self.widen = nn.Conv1d(BOTTLENECK, WIDTH, 2, dilation=stride, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, time, WIDTH] -> [batch, time - 2 * stride, WIDTH]."""
        s = self.stride
        wide = _spliced_product(_spliced_product(x, self.narrow.weight, s), self.widen.weight, s)
        out = functional.relu(self.norm(wide.flatten(0, 1))).view_as(wide)
        if self.training and self.dropout:
            # Whole channels: cheaper to draw than single values, and as good.
            keep = torch.rand(len(out), 1, WIDTH, device=out.device) >= self.dropout
            out = out * keep.to(out.dtype) / (1 - self.dropout)
        return out + SKIP_SCALE * x[:, s : x.shape[1] - s]


class Network(nn.Module):
    """[batch, frames, BINS] log mel energies -> [batch, ceil(frames / 3), PDF_COUNT] logits."""

    def __init__(self, dropout: float = 0.05) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(BINS, affine=False)
        self.first = nn.Conv1d(BINS, WIDTH, FIRST_TAPS, stride=SUBSAMPLING, bias=False)
        self.first_norm = nn.BatchNorm1d(WIDTH)
        self.blocks = nn.ModuleList(Block(stride, dropout) for stride in STRIDES)
        self.output = nn.Conv1d(WIDTH, PDF_COUNT, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Compute the logits; the ends are padded by repeating frames, as Kaldi does."""
        x = features.transpose(1, 2)
        x = self.scale(functional.pad(x, (CONTEXT, CONTEXT), mode="replicate"))
        x = functional.relu(self.first_norm(self.first(x))).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return functional.linear(x, self.output.weight.squeeze(2), self.output.bias)


def _array(tensor: Tensor) -> Matrix:
    return tensor.detach().double().numpy()


def _spliced(weight: Matrix) -> Matrix:
    """[out, in, taps] -> [out, taps * in], as Kaldi's ``Append`` orders it."""
    return weight.transpose(0, 2, 1).reshape(len(weight), -1)


def _normalised(weight: Matrix, norm: nn.BatchNorm1d) -> tuple[Matrix, Matrix]:
    """Return (weight, bias) of a bias-free convolution followed by its normalisation."""
    if norm.running_var is None or norm.running_mean is None:
        raise ValueError("the normalisation keeps no running statistics")
    gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    bias = _array(norm.bias) - _array(norm.running_mean) * gain
    return weight * gain[:, None, None], bias


def affine_layers(network: Network) -> Iterator[Affine]:
    """Yield the network as affine layers over MFCC, with every normalisation folded in."""
    mean, var = network.scale.running_mean, network.scale.running_var
    if mean is None or var is None:
        raise ValueError("the input normalisation keeps no running statistics")
    gain = 1.0 / np.sqrt(_array(var) + network.scale.eps)
    shift = -_array(mean) * gain
    weight, bias = _normalised(_array(network.first.weight), network.first_norm)
    bias = bias + np.einsum("oik,i->o", weight, shift)
    # The input is MFCC: log mel = C^-1 MFCC, then the input's own normalisation.
    to_scaled = gain[:, None] * np.linalg.inv(cepstral_matrix())
    weight = np.einsum("oik,ic->ock", weight, to_scaled)
    offsets = tuple(range(-(FIRST_TAPS // 2), FIRST_TAPS // 2 + 1))
    yield Affine("first", offsets, _spliced(weight), bias, relu=True, skip=False)
    for number, block in enumerate(network.blocks):
        assert isinstance(block, Block)
        step = SUBSAMPLING * block.stride
        narrow = _spliced(_array(block.narrow.weight))
        zeros = np.zeros(len(narrow))
        yield Affine(f"narrow{number}", (-step, 0), narrow, zeros, relu=False, skip=False)
        weight, bias = _normalised(_array(block.widen.weight), block.norm)
        yield Affine(f"widen{number}", (0, step), _spliced(weight), bias, relu=True, skip=True)
    assert network.output.bias is not None
    output = _spliced(_array(network.output.weight))
    yield Affine("output", (0,), output, _array(network.output.bias), relu=False, skip=False)


def parameter_count(network: Network) -> int:
    """Return the number of trained numbers."""
    return sum(p.numel() for p in network.parameters())
