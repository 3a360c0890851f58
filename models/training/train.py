"""Train the network on the shards with CTC, in a given number of minutes.

The learning rate follows the clock: warm-up, then half a cosine to zero when the minutes are over,
so that the same command uses a laptop's night or a GPU's ten minutes fully. A checkpoint is written
every few minutes and continued from. New shards are picked up at every pass over the data.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.distort import BUCKET, distorted
from models.training.network import Network, parameter_count

BATCH_FRAMES = 4_000
"""About 40 s. CTC sits on a plateau for a number of updates, not of hours; a GPU can take more."""
WARM_UP = 300
"""Updates until the learning rate is at its peak."""
AVERAGE_DECAY = 0.998
AVERAGE_EVERY = 5
CLIP_NORM = 5.0
CHECKPOINT_SECONDS = 300.0
STUDIO = "-0-"
"""In the name of a shard of near-studio copies."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a run goes from easy to hard."""

    peak_rate: float
    """Learning rate after the warm-up; it falls to zero along half a cosine."""
    studio_until: float
    """Share of the run in which passes are over near-studio copies only, undistorted."""
    noisy_share: float
    """Of the noisy shards, drawn anew for every pass after the studio."""
    distortion: float
    """Strength at most. A night can take 1; in an hour the copies' own noise is nearly enough."""


FROM_NOTHING = Schedule(2e-3, studio_until=0.42, noisy_share=0.5, distortion=0.4)
REFINE = Schedule(8e-4, studio_until=0.0, noisy_share=0.35, distortion=0.15)
"""Continues from the averaged weights of another run."""


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance: [frames, BINS] float16 log mel energies and its labels."""

    features: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int16]


def read_shard(path: Path) -> list[Example]:
    """Return the examples of one shard of ``features``."""
    with np.load(path) as data:
        frames = np.split(data["frames"], np.cumsum(data["lengths"])[:-1])
        labels = np.split(data["labels"], np.cumsum(data["label_counts"])[:-1])
    return [Example(f, label) for f, label in zip(frames, labels, strict=True)]


class Data:
    """All shards of a folder, kept in memory, topped up when new ones appear."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, list[Example]] = {}

    def refresh(self, noisy_share: float = 1.0, seed: int = 0) -> list[Example]:
        """Read new shards and return a pass: near-studio copies and a share of the noisy shards."""
        rng = random.Random(seed)
        for path in sorted(self._folder.glob("*.npz")):
            if path.name not in self._shards and not path.name.endswith(".part.npz"):
                self._shards[path.name] = read_shard(path)
        return [
            example
            for name, shard in self._shards.items()
            if STUDIO in name or rng.random() < noisy_share
            for example in shard
        ]


def batches(
    examples: list[Example], rng: random.Random, size: int = BATCH_FRAMES
) -> list[list[Example]]:
    """Return shuffled batches of about ``size`` frames each, of equal lengths up to a bucket.

    All batches of a bucket but its last have the same shape: oneDNN compiles code for each shape
    it meets, which takes longer than running it.
    """
    buckets: dict[int, list[Example]] = {}
    for example in examples:
        buckets.setdefault(-(-len(example.features) // BUCKET), []).append(example)
    groups: list[list[Example]] = []
    for width, bucket in buckets.items():
        rng.shuffle(bucket)
        count = max(1, size // (width * BUCKET))
        groups += [bucket[k : k + count] for k in range(0, len(bucket), count)]
    rng.shuffle(groups)
    return groups


def collated(group: list[Example], device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return (features, frame counts, labels, label counts); short ones repeat their last frame."""
    longest = max(-(-len(e.features) // BUCKET) for e in group) * BUCKET
    x = np.stack(
        [np.pad(e.features, ((0, longest - len(e.features)), (0, 0)), mode="edge") for e in group]
    )
    lengths = torch.tensor([len(e.features) for e in group])
    labels = torch.from_numpy(np.concatenate([e.labels for e in group]).astype(np.int64))
    counts = torch.tensor([len(e.labels) for e in group])
    return torch.from_numpy(x).to(device).float(), lengths.to(device), labels, counts


def ctc_loss(logits: Tensor, lengths: Tensor, labels: Tensor, counts: Tensor) -> Tensor:
    """Return the mean over utterances of the CTC loss per label."""
    outputs = torch.clamp((lengths + 2) // 3, max=logits.shape[1])
    log_probs = functional.log_softmax(logits.float(), -1).transpose(0, 1)
    losses = functional.ctc_loss(
        log_probs, labels.to(logits.device), outputs, counts, reduction="none", zero_infinity=True
    )
    return (losses / counts.clamp_min(8).to(losses.device)).mean()


def greedy_errors(network: Network, examples: list[Example], device: torch.device) -> float:
    """Return the phone error rate of the best path, no lexicon; NaN without examples."""
    from rapidfuzz.distance import Levenshtein

    if not examples:
        return math.nan
    network.eval()
    errors = total = 0
    with torch.no_grad():
        for group in batches(examples, random.Random(0)):
            x, lengths, _, _ = collated(group, device)
            best = network(x).argmax(-1).cpu()
            for row, example, length in zip(best, group, lengths.tolist(), strict=True):
                path = torch.unique_consecutive(row[: (length + 2) // 3]).tolist()
                heard = [label for label in path if label]
                errors += Levenshtein.distance(heard, example.labels.tolist())
                total += len(example.labels)
    network.train()
    return errors / total


class Trainer:
    """Network, optimiser, averaged weights and the clock, saved and restored together."""

    def __init__(self, work: Path, minutes: float, seed: int, name: str, start: str | None) -> None:
        """Continue from ``work/name.pt``; else start, from the weights of ``start`` if given.

        ``minutes`` is the whole run's budget.
        """
        torch.manual_seed(seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.checkpoint = work / f"{name}.pt"
        self.network = Network().to(self.device)
        self.schedule = FROM_NOTHING if start is None else REFINE
        if start is not None:
            state = torch.load(work / f"{start}.pt", map_location=self.device, weights_only=True)
            self.network.load_state_dict(state["average"])
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            self.schedule.peak_rate,
            betas=(0.9, 0.98),
            weight_decay=0.01,
            fused=True,
        )
        self.minutes, self.seconds, self.updates, self.passes = minutes, 0.0, 0, 0
        self.rng = random.Random(seed)
        if self.checkpoint.exists():
            self._restore()

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.updates = state["seconds"], state["updates"]
        self.passes = state["passes"]
        self.rng.seed(self.updates)

    def save(self) -> None:
        """Write the checkpoint in one step."""
        part = self.checkpoint.with_suffix(".part")
        torch.save(
            {
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "seconds": self.seconds,
                "updates": self.updates,
                "passes": self.passes,
            },
            part,
        )
        part.replace(self.checkpoint)

    @property
    def progress(self) -> float:
        """Share of the time budget used, 0 to 1."""
        return min(1.0, self.seconds / (60 * self.minutes))

    def _rate(self) -> float:
        warm = min(1.0, (self.updates + 1) / WARM_UP)
        return (
            self.schedule.peak_rate * warm * (0.5 + 0.5 * math.cos(math.pi * self.progress)) + 1e-6
        )

    def _strength(self) -> float:
        """Strength of the batch's distortion: none while in the studio, then rising."""
        rising = max(0.0, self.progress - self.schedule.studio_until) * 2
        return min(self.schedule.distortion, rising)

    def _follow(self) -> None:
        """Move the averaged weights and statistics towards the network's."""
        if self.updates % AVERAGE_EVERY:
            return
        decay = min(AVERAGE_DECAY, (1 + self.updates) / (10 + self.updates)) ** AVERAGE_EVERY
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(),
                self.network.state_dict().values(),
                strict=True,
            )
            for mean, value in pairs:
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)

    def update(self, group: list[Example]) -> float:
        """Do one step on one batch; returns the loss."""
        began = time.monotonic()
        x, lengths, labels, counts = collated(group, self.device)
        x, lengths = distorted(x, lengths, self._strength())
        for options in self.optimiser.param_groups:
            options["lr"] = self._rate()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.network(x)
        loss = ctc_loss(logits, lengths, labels, counts)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimiser.step()
        self.updates += 1
        self._follow()
        self.seconds += time.monotonic() - began
        return float(loss.detach())


def train(work: Path, minutes: float, seed: int, name: str, start: str | None) -> Iterator[str]:
    """Train until the minutes are over; yields lines for the log."""
    trainer = Trainer(work, minutes, seed, name, start)
    data = Data(work / "features")
    development = Data(work / "development").refresh()
    yield f"{parameter_count(trainer.network) / 1e6:.2f} M parameters on {trainer.device}"
    saved = time.monotonic()
    losses: list[float] = []
    while trainer.progress < 1.0:
        early = trainer.progress < trainer.schedule.studio_until
        examples = data.refresh(0.0 if early else trainer.schedule.noisy_share, trainer.passes)
        hours = sum(len(e.features) for e in examples) / 360_000
        yield f"pass {trainer.passes}: {len(examples)} examples, {hours:.1f} h"
        groups = batches(examples, trainer.rng)
        if early and trainer.passes == 0:
            groups.sort(key=lambda group: len(group[0].features) // (2 * BUCKET))
        for group in groups:
            losses.append(trainer.update(group))
            if trainer.updates % 100 == 0:
                mean = sum(losses[-100:]) / len(losses[-100:])
                yield f"{trainer.updates} {trainer.seconds / 60:.1f} min, loss {mean:.3f}"
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                trainer.save()
                saved = time.monotonic()
                errors = greedy_errors(trainer.average, development, trainer.device)
                yield f"{trainer.updates} development phone error rate {errors:.4f}"
            if trainer.progress >= 1.0 or (
                early and trainer.progress >= trainer.schedule.studio_until
            ):
                break
        trainer.passes += 1
    trainer.save()
    errors = greedy_errors(trainer.average, development, trainer.device)
    yield f"{trainer.updates} updates, development phone error rate {errors:.4f}"
