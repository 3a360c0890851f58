"""Write a trained checkpoint as a Vosk model: network, configuration, checksums."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.training.network import SKIP_SCALE, Network, affine_layers
from models.training.nnet3 import Layer, write_model
from models.training.train import Data, batches, collated
from models.training.tune import Adjustment, adjusted, tune
from voiceskill import checksums


def averaged_network(checkpoint: Path) -> Network:
    """Return the network with the averaged weights of a training checkpoint."""
    network = Network()
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network.load_state_dict(state["average"])
    return network.eval()


def layers_of(network: Network) -> list[Layer]:
    """Return the network as layers over MFCC."""
    return [
        Layer(a.name, a.offsets, a.weight, a.bias, a.relu, SKIP_SCALE if a.skip else 0.0)
        for a in affine_layers(network)
    ]


def output_priors(network: Network, folder: Path) -> npt.NDArray[np.float64]:
    """Return the mean posterior of every output over the shards in ``folder``."""
    import random

    total, count = torch.zeros(1), 0
    with torch.no_grad():
        for group in batches(Data(folder).refresh(), random.Random(0)):
            features, lengths, _, _ = collated(group, torch.device("cpu"))
            posteriors = torch.softmax(network(features), -1)
            for row, length in zip(posteriors, lengths.tolist(), strict=True):
                total = total + row[: (length + 2) // 3].sum(0)
                count += (length + 2) // 3
    return np.asarray(total.double().numpy() / count)


def export(work: Path, name: str, folder: Path, fixed: tuple[float, float] | None) -> Iterator[str]:
    """Write the model of checkpoint ``name`` into ``folder``; yields lines for the log.

    ``fixed`` is (prior scale, blank penalty); without it both are chosen on the development set.
    """
    network = averaged_network(work / f"{name}.pt")
    layers = layers_of(network)
    priors = output_priors(network, work / "development")
    if fixed is not None:
        best = Adjustment(*fixed)
    else:
        results = []
        for adjustment, error_rate in tune(work, layers, priors):
            results.append((error_rate, adjustment))
            yield f"{adjustment}: development word error rate {error_rate:.4f}"
        best = min(results, key=lambda pair: pair[0])[1]
    write_model(folder, adjusted(layers, priors, best))
    checksums.write(folder)
    size = (folder / "am" / "final.mdl").stat().st_size
    yield f"{folder}: am/final.mdl {size / 1e6:.1f} MB, {best}"
