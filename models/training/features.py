"""Manifests to training shards: augmented copies of every utterance as log mel energies.

A shard is one NPZ file: ``frames`` [sum of lengths, 40] float16, ``lengths`` [n] int32,
``labels`` [sum of label counts] int16, ``label_counts`` [n] int32. Shards are written in order and
named after their manifest and copy, so an interrupted run continues where it stopped.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from models.training import augment
from models.training.frontend import log_mel
from models.training.texts import dictionary
from voiceskill.graph.phones import pdf_of

Samples = npt.NDArray[np.float32]
ROWS_PER_SHARD = 500
SUBSAMPLING = 3
BABBLE_VOICES = 150
NOISE_SECONDS = (1.5, 5.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance of a manifest."""

    path: Path
    text: str


def read_manifest(work: Path, manifest: Path) -> list[Row]:
    """Return the utterances of a manifest of ``corpus`` (four columns: path first, text last)."""
    rows = [line.split("\t") for line in manifest.read_text(encoding="utf-8").splitlines()]
    return [Row(work / r[0], r[-1]) for r in rows]


def labels_of(text: str) -> list[int] | None:
    """Return network outputs of a sentence by its words' first pronunciations, None if unknown."""
    table = dictionary()
    words = text.split()
    if any(word not in table for word in words):
        return None
    return [pdf_of(phone) for word in words for phone in table[word][0]]


def enough_outputs(frames: int, labels: list[int]) -> bool:
    """Return whether CTC can align: an output per label, one more between equal neighbours."""
    repeats = sum(a == b for a, b in itertools.pairwise(labels))
    return frames // SUBSAMPLING > len(labels) + repeats + 2


@dataclass(slots=True)
class ShardWriter:
    """Collects examples and writes one NPZ."""

    frames: list[npt.NDArray[np.float16]] = field(default_factory=list)
    labels: list[list[int]] = field(default_factory=list)

    def add(self, samples: Samples, labels: list[int]) -> None:
        """Add one example unless it is too short for its labels."""
        features = log_mel(samples)
        if enough_outputs(len(features), labels):
            self.frames.append(features.astype(np.float16))
            self.labels.append(labels)

    def write(self, path: Path) -> None:
        """Write the shard in one step, so that a reader never sees half of it."""
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            frames=np.concatenate(self.frames),
            lengths=np.array([len(f) for f in self.frames], np.int32),
            labels=np.array([p for row in self.labels for p in row], np.int16),
            label_counts=np.array([len(row) for row in self.labels], np.int32),
        )
        part.replace(path)


def _read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != augment.RATE:
        raise ValueError(f"{path}: {rate} Hz, expected {augment.RATE}")
    return np.asarray(samples, np.float32)


def _chunks(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    for start in range(0, len(rows), ROWS_PER_SHARD):
        yield start // ROWS_PER_SHARD, rows[start : start + ROWS_PER_SHARD]


def make_shards(
    rows: list[Row], folder: Path, name: str, copy: int, babble_rows: list[Row], final: bool
) -> int:
    """Write augmented copy number ``copy`` of the rows; returns how many shards are new.

    Copy 0 is near-studio, every other one is in a random room with noise. Unless ``final``, a
    last incomplete shard is left for later, when the manifest has grown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seed = zlib.crc32(f"{name}/{copy}".encode())
    picker = np.random.default_rng(seed)
    chosen = picker.permutation(len(babble_rows))[:BABBLE_VOICES]
    bank: augment.Bank | None = None
    new = 0
    for number, chunk in _chunks(rows):
        path = folder / f"{name}-{copy}-{number:03d}.npz"
        if path.exists() or (len(chunk) < ROWS_PER_SHARD and not final):
            continue
        if bank is None:
            bank = augment.Bank([_read(babble_rows[i].path) for i in chosen], picker)
        rng = np.random.default_rng((seed, number))
        writer = ShardWriter()
        for row in chunk:
            labels = labels_of(row.text)
            if labels is None:
                continue
            samples = _read(row.path)
            change = augment.lightly if copy == 0 else augment.fully
            writer.add(change(samples, bank, rng), labels)
        writer.write(path)
        new += 1
    return new


def make_noise_shard(folder: Path, count: int, babble_rows: list[Row], seed: int) -> None:
    """Write segments of noise, silence and far-off babble whose transcript is empty."""
    rng = np.random.default_rng(seed)
    bank = augment.Bank([_read(r.path) for r in babble_rows[:BABBLE_VOICES]], rng)
    writer = ShardWriter()
    for _ in range(count):
        length = int(augment.RATE * rng.uniform(*NOISE_SECONDS))
        # Babble is speech; it may only be asked to be nothing when it is many voices at once.
        if rng.random() < 0.15:
            sound = np.asarray(sum(bank.babble(length, rng) for _ in range(4)), np.float32)
        else:
            sound = bank.sound(length, rng)
        writer.add(augment.at_level(sound, bank, rng), [])
    folder.mkdir(parents=True, exist_ok=True)
    writer.write(folder / "noise-0-000.npz")


def make_all(work: Path, wake_words: Path | None, final: bool, only: str) -> Iterator[str]:
    """Make every shard that the manifests in ``work/audio`` allow; yields lines for the log.

    ``only`` picks the manifests whose name begins so, for two processes side by side.

    ``final`` says that the corpus is complete, so that incomplete last shards are written too.
    """
    folder = work / "features"
    parts = sorted((work / "audio").glob("*.tsv"))
    table = {p.stem: read_manifest(work, p) for p in parts}
    development = table.pop("development", [])
    babble_rows = [row for rows in table.values() for row in rows]
    if wake_words is not None:
        rows = read_manifest(wake_words.parent, wake_words)
        np.random.default_rng(0).shuffle(rows)
        table["wake"] = rows
    for name, rows in table.items():
        if not name.startswith(only):
            continue
        copies = range(2) if name == "cheap" else range(3)
        for copy in copies:
            new = make_shards(rows, folder, name, copy, babble_rows, final or name == "wake")
            yield f"{name} copy {copy}: {new} new shards"
    if "noise".startswith(only) and not (folder / "noise-0-000.npz").exists():
        make_noise_shard(folder, 500, babble_rows, seed=3)
        yield "noise: 1 new shard"
    if development and final and "development".startswith(only):
        for copy in range(2):
            make_shards(development, work / "development", "dev", copy, babble_rows, True)
        yield "development: clean and noisy"
