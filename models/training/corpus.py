"""Speak the corpus: sentences through voices, into FLAC files and one manifest a part.

A part is the work of one process and can be stopped and started again: what its manifest already
lists is not made twice. Manifests are tab-separated: path below the work folder, seconds, speaker,
text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from models.training import voices
from models.training.texts import corpus_sentences
from models.training.voices import Order

Samples = npt.NDArray[np.float32]
RATE = 16_000
ENGINE_SHARES = {"hibari": 0.50, "flite": 0.28, "festival": 0.10, "espeak": 0.12}
FESTIVAL_BATCH = 60
PEAK = 0.7


def trimmed(samples: Samples, threshold: float = 0.01, margin: int = 800) -> Samples:
    """Return the samples without silence at the ends, scaled to a peak of ``PEAK``.

    ``threshold`` is relative to the peak; ``margin`` is samples kept at both ends.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return samples[:0]
    loud = np.flatnonzero(np.abs(samples) > threshold * peak)
    cut = samples[max(0, loud[0] - margin) : loud[-1] + margin]
    return np.asarray(cut * (PEAK / peak), np.float32)


class Part:
    """One manifest with its folder of FLAC files."""

    def __init__(self, work: Path, name: str) -> None:
        """Open or continue the part ``name`` below ``work``."""
        self._work = work
        self._folder = work / "audio" / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self.manifest = work / "audio" / f"{name}.tsv"
        self.done: set[str] = set()
        if self.manifest.exists():
            rows = self.manifest.read_text(encoding="utf-8").splitlines()
            self.done = {Path(row.split("\t")[0]).stem for row in rows}

    def add(self, identifier: str, speaker: str, text: str, samples: Samples) -> float:
        """Write one utterance; returns its seconds, 0 if there was nothing to hear."""
        samples = trimmed(samples)
        if len(samples) < RATE // 5:
            return 0.0
        path = self._folder / f"{identifier}.flac"
        soundfile.write(path, samples, RATE, subtype="PCM_16")
        seconds = len(samples) / RATE
        row = f"{path.relative_to(self._work)}\t{seconds:.2f}\t{speaker}\t{text}\n"
        with self.manifest.open("a", encoding="utf-8") as out:
            out.write(row)
        self.done.add(identifier)
        return seconds


def cheap_orders(count: int, seed: int) -> Iterator[Order]:
    """Yield the utterances of the cheap voices in a reproducible order."""
    rng = random.Random(seed)
    engines, shares = list(ENGINE_SHARES), list(ENGINE_SHARES.values())
    for number, text in enumerate(corpus_sentences(count, seed)):
        yield Order(f"c{number:06d}", rng.choices(engines, shares)[0], text)


def speak_cheap(work: Path, count: int, seed: int) -> None:
    """Make the ``cheap`` part."""
    part = Part(work, "cheap")
    speakers = {"hibari": voices.hibari, "flite": voices.flite, "espeak": voices.espeak}
    waiting: list[Order] = []
    for order in cheap_orders(count, seed):
        if order.identifier in part.done:
            continue
        rng = random.Random(f"{seed}/{order.identifier}")
        if order.engine == "festival":
            waiting.append(order)
            if len(waiting) == FESTIVAL_BATCH:
                for spoken, speaker, samples in voices.festival_batch(waiting, rng):
                    part.add(spoken.identifier, speaker, spoken.text, samples)
                waiting = []
            continue
        speaker, samples = speakers[order.engine](order.text, rng)
        part.add(order.identifier, speaker, order.text, samples)


def speak_kokoro(
    work: Path, kokoro_voices: Path, worker: int, workers: int, minutes: float, seed: int
) -> None:
    """Make this worker's share of ``minutes`` of audio by blended Kokoro speakers."""
    from models.training.kokoro import Kokoro, random_blend, speaker_names

    part = Part(work, f"kokoro{worker}")
    model = Kokoro(kokoro_voices, work / "kokoro-float.onnx")
    english, foreign = speaker_names(kokoro_voices)
    wanted = minutes * 60 / workers
    made = 0.0
    if part.manifest.exists():
        rows = part.manifest.read_text(encoding="utf-8").splitlines()
        made = sum(float(row.split("\t")[1]) for row in rows)
    for number, text in enumerate(corpus_sentences(12_000, seed, domain_share=0.5)):
        identifier = f"k{number:06d}"
        if number % workers != worker or identifier in part.done:
            continue
        if made >= wanted:
            return
        rng = random.Random(f"{seed}/{identifier}")
        blend = random_blend(english, foreign, rng)
        made += part.add(identifier, blend.name, text, model.synthesize(text, blend, rng))


def speak_development(work: Path, kokoro_voices: Path, count: int, seed: int) -> None:
    """Make the ``development`` part: speakers and sentences that training never sees."""
    from models.training.kokoro import DEVELOPMENT, Blend, Kokoro

    part = Part(work, "development")
    model = Kokoro(kokoro_voices, work / "kokoro-float.onnx")
    for number, text in enumerate(corpus_sentences(count, seed, domain_share=0.6)):
        identifier = f"d{number:06d}"
        if identifier in part.done:
            continue
        rng = random.Random(f"{seed}/{identifier}")
        blend = Blend((DEVELOPMENT[number % len(DEVELOPMENT)],), (1.0,), rng.uniform(0.9, 1.15))
        part.add(identifier, blend.name, text, model.synthesize(text, blend, rng))
