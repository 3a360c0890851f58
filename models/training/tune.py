"""Choose what export does to the output biases, on the development set.

The development set has its own speakers and sentences and nothing of any evaluation set in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from models.training import augment
from models.training.decode import build_graph, load, score
from models.training.domain import domain_sentences
from models.training.features import Row, read_manifest
from models.training.nnet3 import Layer, write_model
from models.training.texts import readable

Samples = npt.NDArray[np.float32]
PRIOR_SCALES = (0.0, 0.3)
BLANK_PENALTIES = (1.0, 2.0, 3.0, 4.0)
SNRS_DB = (None, 15.0, 8.0)
"""None is clean."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is taken from the output logits."""

    prior_scale: float
    """Times the logarithm of each output's mean posterior."""
    blank_penalty: float
    """From blank, in nats. CTC puts nearly all its probability on blank between peaks; the
    search, which must spend every frame on some output, needs blank to cost something."""


def adjusted(
    layers: Sequence[Layer], priors: npt.NDArray[np.float64], adjustment: Adjustment
) -> list[Layer]:
    """Return the layers with the adjustment in the last one's biases."""
    *body, last = layers
    bias = last.bias - adjustment.prior_scale * np.log(np.maximum(priors, 1e-6))
    bias[0] -= adjustment.blank_penalty
    return [*body, replace(last, bias=bias)]


def noisy_copies(
    rows: Sequence[Row], babble: Sequence[Row], seed: int
) -> list[tuple[str, Samples]]:
    """Return every utterance clean, and under noise or babble at the other ``SNRS_DB``."""
    rng = np.random.default_rng(seed)
    voices = [soundfile.read(row.path, dtype="float32")[0] for row in babble]
    bank = augment.Bank(voices, rng)
    out: list[tuple[str, Samples]] = []
    for row in rows:
        speech = augment.padded(soundfile.read(row.path, dtype="float32")[0], rng)
        for snr_db in SNRS_DB:
            samples = speech
            if snr_db is not None:
                samples = augment.mixed(speech, bank.noise(len(speech), rng), snr_db)
            peak = float(np.abs(samples).max())
            out.append((row.text, np.asarray(samples * (0.3 / peak), np.float32)))
    return out


def tune(
    work: Path, layers: Sequence[Layer], priors: npt.NDArray[np.float64]
) -> Iterator[tuple[Adjustment, float]]:
    """Yield the development word error rate of every adjustment."""
    rows = read_manifest(work, work / "audio" / "development.tsv")
    babble = read_manifest(work, work / "audio" / "cheap.tsv")[:60]
    utterances = noisy_copies(rows, babble, seed=5)
    folder = work / "tuning"
    sentences = [s for s in domain_sentences(8_000, 55) if readable(s)]
    build_graph([*sentences, *(row.text for row in rows)], folder)
    for scale, penalty in itertools.product(PRIOR_SCALES, BLANK_PENALTIES):
        adjustment = Adjustment(scale, penalty)
        write_model(folder, adjusted(layers, priors, adjustment))
        yield adjustment, score(load(folder), utterances).word_error_rate
