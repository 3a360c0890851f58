"""Graphs and Vosk for tuning and evaluation; each runs where the other is not.

kaldifst and vosk deadlock in one process, so a graph is built by ``python -m voiceskill.graph`` and
only vosk is loaded here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

Samples = npt.NDArray[np.float32]
RATE = 16_000
LEAD = np.zeros(RATE // 5, np.int16)
TAIL = np.zeros(RATE // 2, np.int16)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over a set of utterances."""

    words: int
    errors: int
    sentences: int
    wrong_sentences: int
    audio_seconds: float
    cpu_seconds: float

    @property
    def word_error_rate(self) -> float:
        """Substitutions, deletions and insertions over reference words."""
        return self.errors / max(self.words, 1)

    @property
    def real_time_factor(self) -> float:
        """Processor seconds, of one core, for a second of audio."""
        return self.cpu_seconds / max(self.audio_seconds, 1e-9)


def build_graph(sentences: Sequence[str], model: Path) -> None:
    """Compile the sentences into ``model/graph``, unless that is there already."""
    model.mkdir(parents=True, exist_ok=True)
    listing = model / "sentences.txt"
    listing.write_text("\n".join(sentences) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "voiceskill.graph", "build", "--sentences", str(listing)]
    subprocess.run([*command, "--out", str(model / "graph")], check=True, capture_output=True)


def load(model: Path) -> Any:
    """Return a ``vosk.Model`` without its log lines."""
    import vosk

    vosk.SetLogLevel(-1)
    return vosk.Model(str(model))


def recognised(model: Any, samples: Samples) -> str:
    """Return Vosk's words for samples in [-1, 1] at 16 kHz."""
    import vosk

    pcm = np.concatenate([LEAD, (np.clip(samples, -1, 1) * 32_767).astype(np.int16), TAIL])
    recogniser = vosk.KaldiRecognizer(model, RATE)
    texts = []
    for start in range(0, len(pcm), RATE // 4):
        if recogniser.AcceptWaveform(pcm[start : start + RATE // 4].tobytes()):
            texts.append(json.loads(recogniser.Result())["text"])
    texts.append(json.loads(recogniser.FinalResult())["text"])
    return " ".join(text for text in texts if text)


def score(model: Any, utterances: Iterable[tuple[str, Samples]]) -> Score:
    """Recognise (text, samples) pairs and count."""
    words = errors = sentences = wrong = 0
    seconds = cpu = 0.0
    for text, samples in utterances:
        began = time.process_time()
        heard = recognised(model, samples)
        cpu += time.process_time() - began
        seconds += len(samples) / RATE
        distance = Levenshtein.distance(text.split(), heard.split())
        words, errors = words + len(text.split()), errors + distance
        sentences, wrong = sentences + 1, wrong + bool(distance)
    return Score(words, errors, sentences, wrong, seconds, cpu)
