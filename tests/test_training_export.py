"""The recipe's file writing and features: what Vosk reads must be what was trained."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from models.training.frontend import BINS, FLOOR, WINDOW, cepstral_matrix, log_mel
from models.training.nnet3 import Layer, final_mdl, nnet3, write_model
from voiceskill.events import SAMPLE_RATE_HZ as RATE
from voiceskill.graph.topology import transition_model


class Reader:
    """Reads Kaldi's binary notation, written from Kaldi's side of the format."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def token(self) -> str:
        end = self.data.index(b" ", self.at)
        word, self.at = self.data[self.at : end].decode(), end + 1
        return word

    def expect(self, *words: str) -> None:
        for word in words:
            assert self.token() == word

    def number(self, code: str) -> float:
        size = struct.calcsize(code)
        assert self.data[self.at] == size
        (value,) = struct.unpack_from(f"<{code}", self.data, self.at + 1)
        self.at += 1 + size
        return value

    def floats(self, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, "<f4", count, self.at)
        self.at += 4 * count
        return values

    def vector(self) -> np.ndarray:
        self.expect("FV")
        return self.floats(int(self.number("i")))

    def matrix(self) -> np.ndarray:
        self.expect("FM")
        rows, columns = int(self.number("i")), int(self.number("i"))
        return self.floats(rows * columns).reshape(rows, columns)


def read_component(reader: Reader) -> tuple[str, str, tuple]:
    reader.expect("<ComponentName>")
    name, kind = reader.token(), reader.token()[1:-1]
    if kind == "FixedAffineComponent":
        reader.expect("<LinearParams>")
        weight = reader.matrix()
        reader.expect("<BiasParams>")
        values: tuple = (weight, reader.vector())
    elif kind == "FixedScaleComponent":
        reader.expect("<Scales>")
        values = (reader.vector(),)
    else:
        reader.expect("<Dim>")
        values = (int(reader.number("i")),)
        for field in ("<ValueAvg>", "<DerivAvg>"):
            reader.expect(field)
            assert len(reader.vector()) == 0
        reader.expect("<Count>")
        reader.number("d")
        reader.expect("<OderivRms>")
        assert len(reader.vector()) == 0
        for field in ("<OderivCount>", "<NumDimsSelfRepaired>", "<NumDimsProcessed>"):
            reader.expect(field)
            reader.number("d")
    reader.expect(f"</{kind}>")
    return name, kind, values


class Interpreter:
    """Computes a written network at one frame, following its configuration lines."""

    def __init__(self, data: bytes, features: np.ndarray) -> None:
        reader = Reader(data)
        reader.expect("<Nnet3>")
        end = data.index(b"\n\n")
        config = data[reader.at : end].decode().split("\n")
        reader.at = end + 2
        reader.expect("<NumComponents>")
        count = int(reader.number("i"))
        self.components = {n: (k, v) for n, k, v in (read_component(reader) for _ in range(count))}
        reader.expect("</Nnet3>")
        assert reader.at == len(data)
        self.sources = {}
        for line in config:
            if found := re.fullmatch(r"component-node name=(\S+) component=\1 input=(.+)", line):
                self.sources[found[1]] = found[2]
            elif found := re.match(r"output-node name=output input=(\S+)", line):
                self.output = found[1]
        self.features = features

    def descriptor(self, text: str, frame: int) -> np.ndarray:
        if found := re.fullmatch(r"Append\((.+)\)", text):
            parts = re.split(r", (?![-\d])", found[1])
            return np.concatenate([self.descriptor(part, frame) for part in parts])
        if found := re.fullmatch(r"Offset\((\S+), (-?\d+)\)", text):
            return self.node(found[1], frame + int(found[2]))
        if found := re.fullmatch(r"Sum\((\S+), Scale\((\S+), (\S+)\)\)", text):
            return self.node(found[1], frame) + float(found[2]) * self.node(found[3], frame)
        return self.node(text, frame)

    def node(self, name: str, frame: int) -> np.ndarray:
        if name == "input":
            return self.features[frame]
        kind, values = self.components[name]
        x = self.descriptor(self.sources[name], frame)
        match kind:
            case "FixedAffineComponent":
                return values[0] @ x + values[1]
            case "FixedScaleComponent":
                return values[0] * x
            case "RectifiedLinearComponent":
                return np.maximum(x, 0)
            case _:
                return x - np.log(np.exp(x).sum())


def small_layers(rng: np.random.Generator) -> list[Layer]:
    def layer(name: str, offsets: tuple, inputs: int, outputs: int, **more: object) -> Layer:
        weight = rng.normal(size=(outputs, len(offsets) * inputs)) * 0.3
        return Layer(name, offsets, weight, rng.normal(size=outputs), **more)  # type: ignore[arg-type]

    return [
        layer("first", (-1, 0, 1), BINS, 6, relu=True),
        layer("narrow0", (-3, 0), 6, 3, relu=False),
        layer("widen0", (0, 3), 3, 6, relu=True, skip_scale=0.75),
        layer("output", (0,), 6, 4, relu=False),
    ]


def test_written_network_computes_what_the_layers_do() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(20, BINS))
    layers = small_layers(rng)
    first, narrow, widen, output = layers

    def hidden(frame: int) -> np.ndarray:
        taps = np.concatenate([features[frame + o] for o in first.offsets])
        return np.maximum(first.weight @ taps + first.bias, 0)

    def bottleneck(frame: int) -> np.ndarray:
        return narrow.weight @ np.concatenate([hidden(frame - 3), hidden(frame)]) + narrow.bias

    wide = widen.weight @ np.concatenate([bottleneck(10), bottleneck(13)]) + widen.bias
    logits = output.weight @ (np.maximum(wide, 0) + 0.75 * hidden(10)) + output.bias
    expected = logits - np.log(np.exp(logits).sum())

    network = Interpreter(nnet3(layers), features)
    assert network.node(network.output, 10) == pytest.approx(expected, abs=1e-5)


def test_model_file_holds_the_graph_compilers_transition_model() -> None:
    data = final_mdl(small_layers(np.random.default_rng(2)))
    assert data.startswith(b"\0B" + transition_model() + b"<Nnet3> ")
    tail = Reader(data[data.index(b"</Nnet3> ") :])
    tail.expect("</Nnet3>", "<LeftContext>")
    assert tail.number("i") == 0
    tail.expect("<RightContext>")
    assert tail.number("i") == 0
    tail.expect("<Priors>")
    assert len(tail.vector()) == 0
    assert tail.at == len(tail.data)


def test_written_configuration_says_what_the_features_are(tmp_path: Path) -> None:
    write_model(tmp_path, small_layers(np.random.default_rng(3)))
    options = dict(
        line[2:].split("=") for line in (tmp_path / "conf/mfcc.conf").read_text().splitlines()
    )
    assert options["num-ceps"] == options["num-mel-bins"] == str(BINS)
    assert options["sample-frequency"] == str(RATE)
    assert options["dither"] == "0"
    assert "--frame-subsampling-factor=3\n" in (tmp_path / "conf/model.conf").read_text()


def test_features_are_kaldis_mfcc() -> None:
    fbank = pytest.importorskip("kaldi_native_fbank", reason="only the recipe needs it")
    rng = np.random.default_rng(4)
    samples = (rng.standard_normal(RATE) * np.linspace(0, 0.2, RATE)).astype(np.float32)
    options = fbank.MfccOptions()
    options.frame_opts.dither = 0
    options.use_energy = False
    options.num_ceps = options.mel_opts.num_bins = BINS
    options.mel_opts.low_freq, options.mel_opts.high_freq = 40, 7_600
    mfcc = fbank.OnlineMfcc(options)
    mfcc.accept_waveform(RATE, (samples * 32_768).tolist())
    mfcc.input_finished()
    expected = np.stack([mfcc.get_frame(i) for i in range(mfcc.num_frames_ready)])
    assert log_mel(samples) @ cepstral_matrix().T == pytest.approx(expected, abs=2e-3)


def test_features_of_too_little_sound_are_empty_and_of_silence_are_the_floor() -> None:
    assert log_mel(np.zeros(WINDOW - 1, np.float32)).shape == (0, BINS)
    silence = log_mel(np.zeros(WINDOW, np.float32))
    assert silence == pytest.approx(np.full((1, BINS), np.log(FLOOR)))


def test_exported_layers_compute_what_the_trained_network_does() -> None:
    torch = pytest.importorskip("torch", reason="only the recipe needs it")
    from models.training.export import layers_of
    from models.training.network import CONTEXT, Network

    torch.manual_seed(5)
    network = Network()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    network.eval()
    rng = np.random.default_rng(6)
    mel = rng.normal(size=(2 * CONTEXT + 1, BINS)).astype(np.float32)
    with torch.no_grad():
        logits = network(torch.from_numpy(np.pad(mel, ((0, 0), (0, 0)))[None]))[0]
    # Frame CONTEXT + 3 k of the features is output k + CONTEXT / 3; take the middle output.
    middle = len(logits) // 2
    values = {"input": dict(enumerate(mel @ cepstral_matrix().T))}
    result = _evaluated(layers_of(network), values["input"], 3 * middle)
    assert result == pytest.approx(logits[middle].numpy(), abs=1e-3)


def _evaluated(layers: list[Layer], inputs: dict[int, np.ndarray], frame: int) -> np.ndarray:
    """Compute the last layer at one frame, every needed frame of each layer once."""
    last = max(inputs)
    nodes = [{f: inputs[min(max(f, 0), last)] for f in range(-last, 3 * last)}]
    wanted = [{frame}]
    for layer in reversed(layers):
        before = {f + o for f in wanted[0] for o in layer.offsets}
        wanted.insert(0, before)
    for index, layer in enumerate(layers):
        out = {}
        for f in wanted[index + 1]:
            x = layer.weight @ np.concatenate([nodes[-1][f + o] for o in layer.offsets])
            x = x + layer.bias
            x = np.maximum(x, 0) if layer.relu else x
            out[f] = x + layer.skip_scale * nodes[-2][f] if layer.skip_scale else x
        nodes.append(out)
    return nodes[-1][frame]
