"""What the graph's options do to questions and to speech that is none of them.

    python benchmarks/refusal_by_ear.py --model models/en-cramp --sentences FILE --manifest FILE \
        [--snr 10] [--options '{"unknown_entry_cost": 4}' '{"unknown": false}' ...]

The manifest has one recording a line, tab-separated: a 16 kHz mono sound file beside it, ``in`` or
``off``, the voice, what is said. The sentences are the content the graph is compiled from, one a
line. ``GraphOptions`` were chosen with this, on synthetic development voices that are neither in
the evaluation sets nor reserved for testing.

Printed for every options given: of the questions, the word error rate, how many came out exactly
and how many without ``<unk>``; of the rest, how many came out without any ``<unk>``, and the known
words heard as a share of the words said.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import soundfile
import vosk
from rapidfuzz.distance import Levenshtein

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from voiceskill.graph.build import GraphReport, build_graph
from voiceskill.graph.options import GraphOptions
from voiceskill.graph.unknown import UNKNOWN

RATE = 16_000


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the manifest."""

    pcm: bytes
    on_topic: bool
    words: tuple[str, ...]


def read_manifest(manifest: Path, snr_db: float | None) -> list[Recording]:
    """Read and, where a ratio is given, add brown and white noise that is the same every time."""
    rng = np.random.default_rng(7)
    recordings = []
    for line in manifest.read_text(encoding="utf-8").splitlines():
        name, kind, _, text = line.split("\t")
        samples, rate = soundfile.read(manifest.parent / name, dtype="float32")
        if rate != RATE or kind not in ("in", "off"):
            raise SystemExit(f"{manifest}: cannot use the line of {name}")
        recordings.append(Recording(_pcm(samples, snr_db, rng), kind == "in", tuple(text.split())))
    return recordings


def _pcm(samples: npt.NDArray[Any], snr_db: float | None, rng: np.random.Generator) -> bytes:
    padded = np.pad(samples, (int(0.3 * RATE), int(0.5 * RATE)))
    if snr_db is not None:
        walk = np.cumsum(rng.standard_normal(len(padded)))
        walk -= np.convolve(walk, np.ones(400) / 400, "same")
        noise = walk / walk.std() + 0.4 * rng.standard_normal(len(padded))
        ratio = (padded**2).mean() / (noise**2).mean()
        padded = padded + noise * np.sqrt(ratio / 10 ** (snr_db / 10))
    return (padded / max(float(np.abs(padded).max()), 1e-6) * 16_383).astype("<i2").tobytes()


@dataclass(slots=True)
class Counts:
    """What happened to the recordings under one set of options."""

    questions: int = 0
    said: int = 0
    errors: int = 0
    exact: int = 0
    without_unknown: int = 0
    others: int = 0
    others_said: int = 0
    others_without_unknown: int = 0
    others_known: int = 0
    processor_seconds: float = 0.0
    seconds: float = 0.0

    def add(self, recording: Recording, heard: list[str]) -> None:
        """Count one recording."""
        clean = UNKNOWN not in heard
        if recording.on_topic:
            self.questions += 1
            self.said += len(recording.words)
            self.errors += Levenshtein.distance(heard, recording.words)
            self.exact += tuple(heard) == recording.words
            self.without_unknown += clean
        else:
            self.others += 1
            self.others_said += len(recording.words)
            self.others_without_unknown += bool(heard) and clean
            self.others_known += sum(word != UNKNOWN for word in heard)

    def line(self) -> str:
        """Return the figures in words."""

        def percent(part: float, whole: float) -> str:
            return f"{100 * part / whole:5.1f} %" if whole else "    -  "

        return (
            f"questions ({self.questions}): word errors {percent(self.errors, self.said)}, exact "
            f"{percent(self.exact, self.questions)}, no <unk> "
            f"{percent(self.without_unknown, self.questions)}; other speech ({self.others}): no "
            f"<unk> {percent(self.others_without_unknown, self.others)}, known words "
            f"{percent(self.others_known, self.others_said)}; real-time factor "
            f"{self.processor_seconds / max(self.seconds, 1e-9):.3f}"
        )


def decode(folder: Path, recordings: list[Recording]) -> Counts:
    """Decode every recording with the model in ``folder``."""
    model = vosk.Model(model_path=str(folder))
    counts = Counts()
    for recording in recordings:
        started = time.process_time()
        recogniser = vosk.KaldiRecognizer(model, RATE)
        recogniser.AcceptWaveform(recording.pcm)
        heard = json.loads(recogniser.FinalResult())["text"].split()
        counts.processor_seconds += time.process_time() - started
        counts.seconds += len(recording.pcm) / 2 / RATE
        counts.add(recording, heard)
    return counts


def build(model: Path, folder: Path, sentences: list[str], options: GraphOptions) -> GraphReport:
    """Put a complete model with these options into ``folder``."""
    folder.mkdir()
    for part in ("am", "conf"):
        (folder / part).symlink_to((model / part).resolve())
    return build_graph(sentences, folder / "graph", options)


def main() -> None:
    """Print one line for each set of options."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder with am/ and conf/")
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--snr", type=float, help="decibels; clean when left out")
    parser.add_argument("--options", nargs="*", default=["{}"], help="JSON, one for each line")
    given = parser.parse_args()
    vosk.SetLogLevel(-1)
    recordings = read_manifest(given.manifest, given.snr)
    sentences = given.sentences.read_text(encoding="utf-8").splitlines()
    for text in given.options:
        options = msgspec.json.decode(text, type=GraphOptions)
        with tempfile.TemporaryDirectory(prefix="voiceskill-benchmark-") as scratch:
            report = build(given.model, Path(scratch) / "model", sentences, options)
            counts = decode(Path(scratch) / "model", recordings)
        print(f"{text} {report.bytes / 1e6:.2f} MB, {counts.line()}", flush=True)


if __name__ == "__main__":
    main()
