"""Kaldi's nnet3 notation: from affine layers to ``am/final.mdl`` and ``conf/`` of a Vosk model.

``final.mdl`` holds the transition model of ``voiceskill.graph.topology``, then a network of fixed
affine components, ReLUs and sums. Nothing here needs torch.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.training.frontend import BINS, MFCC_CONF
from voiceskill.graph.topology import KaldiBytes, transition_model

Matrix = npt.NDArray[np.float64]

MODEL_CONF = """--min-active=200
--max-active=2000
--beam=12.0
--lattice-beam=4.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """One affine layer, over input spliced at ``offsets`` (10 ms frames)."""

    name: str
    offsets: tuple[int, ...]
    weight: Matrix
    """[out, len(offsets) * in]"""
    bias: Matrix
    relu: bool
    skip_scale: float = 0.0
    """If not zero, this times the input of the layer before is added after the ReLU."""


class Nnet3Bytes(KaldiBytes):
    """Kaldi's notation with float matrices and raw text."""

    def text(self, text: str) -> None:
        """Append text as it is."""
        self._parts.append(text.encode())

    def float64(self, value: float) -> None:
        """Append a 64-bit float with its size byte."""
        self._parts.append(b"\x08" + struct.pack("<d", value))

    def matrix(self, values: Matrix) -> None:
        """Append a Kaldi ``Matrix<float>``: ``FM``, rows, columns, rows of data."""
        rows, columns = values.shape
        self.token("FM").int32(rows).int32(columns)
        self._parts.append(np.ascontiguousarray(values, "<f4").tobytes())

    def vector(self, values: Matrix) -> None:
        """Append a Kaldi ``Vector<float>``."""
        self.token("FV").int32(len(values))
        self._parts.append(np.ascontiguousarray(values, "<f4").tobytes())


def _spliced(node: str, offsets: Sequence[int]) -> str:
    parts = [node if offset == 0 else f"Offset({node}, {offset})" for offset in offsets]
    return parts[0] if len(parts) == 1 else f"Append({', '.join(parts)})"


class _Network:
    """Configuration lines and components of an nnet3 network as they are appended."""

    def __init__(self) -> None:
        self.lines = [f"input-node name=input dim={BINS}"]
        self.components: list[bytes] = []

    def add(self, name: str, source: str, kind: str, body: KaldiBytes) -> str:
        """Append one component with its node; returns the node's name."""
        self.lines.append(f"component-node name={name} component={name} input={source}")
        out = Nnet3Bytes().token("<ComponentName>").token(name).token(f"<{kind}>")
        self.components.append(
            out.getvalue() + body.getvalue() + Nnet3Bytes().token(f"</{kind}>").getvalue()
        )
        return name


def _nonlinear(dim: int) -> KaldiBytes:
    """Return the body of a nonlinearity: its size and empty statistics."""
    out = Nnet3Bytes()
    out.token("<Dim>").int32(dim)
    out.token("<ValueAvg>").float32_vector([]).token("<DerivAvg>").float32_vector([])
    out.token("<Count>")
    out.float64(0.0)
    out.token("<OderivRms>").float32_vector([])
    for field in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
        out.token(field)
        out.float64(0.0)
    return out


def _affine(layer: Layer) -> KaldiBytes:
    """Return the body of a ``FixedAffineComponent``."""
    out = Nnet3Bytes()
    out.token("<LinearParams>")
    out.matrix(layer.weight)
    out.token("<BiasParams>")
    out.vector(layer.bias)
    return out


def _unscaled(dim: int) -> KaldiBytes:
    """Return the body of a ``FixedScaleComponent`` by one: a node of its own for a sum."""
    out = Nnet3Bytes()
    out.token("<Scales>")
    out.vector(np.ones(dim))
    return out


def nnet3(layers: Sequence[Layer]) -> bytes:
    """Return Kaldi's ``<Nnet3>`` section for the layers, a log-softmax on top."""
    network = _Network()
    node = skip_source = "input"
    for layer in layers:
        name, size = layer.name, len(layer.bias)
        source = _spliced(node, layer.offsets)
        out = network.add(f"{name}.affine", source, "FixedAffineComponent", _affine(layer))
        if layer.relu:
            out = network.add(f"{name}.relu", out, "RectifiedLinearComponent", _nonlinear(size))
        if layer.skip_scale:
            total = f"Sum({out}, Scale({layer.skip_scale}, {skip_source}))"
            out = network.add(f"{name}.sum", total, "FixedScaleComponent", _unscaled(size))
        skip_source, node = node, out
    size = len(layers[-1].bias)
    node = network.add("output.log-softmax", node, "LogSoftmaxComponent", _nonlinear(size))
    network.lines.append(f"output-node name=output input={node} objective=linear")
    section = Nnet3Bytes()
    section.token("<Nnet3>")
    section.text("\n" + "\n".join(network.lines) + "\n\n")
    section.token("<NumComponents>").int32(len(network.components))
    return section.getvalue() + b"".join(network.components) + b"</Nnet3> "


def final_mdl(layers: Sequence[Layer]) -> bytes:
    """Return the bytes of ``am/final.mdl``."""
    tail = Nnet3Bytes().token("<LeftContext>").int32(0).token("<RightContext>").int32(0)
    tail.token("<Priors>").float32_vector([])
    return b"\0B" + transition_model() + nnet3(layers) + tail.getvalue()


def write_model(folder: Path, layers: Sequence[Layer]) -> None:
    """Write ``am/final.mdl`` and ``conf/`` below ``folder``."""
    for name, content in {
        "am/final.mdl": final_mdl(layers),
        "conf/mfcc.conf": MFCC_CONF.encode(),
        "conf/model.conf": MODEL_CONF.encode(),
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
