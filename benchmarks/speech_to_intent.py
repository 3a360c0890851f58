"""Spoken coffee orders by real people: how many commands come out with every slot right.

    python benchmarks/speech_to_intent.py --data FOLDER --model models/en-cramp \
        [--noise kitchen --snr 24,18,12,6] [--through vosk|recogniser] [--json FILE]

FOLDER holds Picovoice's speech-to-intent benchmark: ``barista-dev/`` with FLAC recordings,
``labels.json`` and ``coffee_maker.yaml`` (the grammar in Rhino's syntax), and
``kitchen-noise.flac``. It is not part of this project, and nothing is ever tuned on it. The
grammar is compiled by our compiler with its default options, as if it were somebody's content;
only the acoustic model is the project's. A command is right when each of its slots has the
labelled value and no other slot was heard.

Published figures on the whole benchmark, mean over cafe and kitchen noise at 6 to 24 dB: Rhino
97.6 %, LUIS 89.9 %, Watson 86.8 %, Lex 84.5 %, Dialogflow 77.6 %.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from rhino_grammar import Grammar, read_grammar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from voiceskill.events import SAMPLE_RATE_HZ, Utterance  # noqa: E402
from voiceskill.graph.build import build_graph  # noqa: E402
from voiceskill.graph.options import GraphOptions  # noqa: E402
from voiceskill.text import normalise  # noqa: E402

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that hears."""

    transcribe: Callable[[bytes], str]
    processor_seconds: Callable[[], float]
    """Processor time that it has used so far; unlike wall time, true on a busy machine."""


SENTENCES = 25_000
DECODING = "\n--determinize-max-delay=5000\n"
"""What voiceskill.models adds to a model's configuration."""
LEAD_SECONDS, TAIL_SECONDS = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """One recording and what was ordered."""

    name: str
    samples: Samples
    slots: Mapping[str, str]


def read_orders(folder: Path, limit: int | None) -> list[Order]:
    """Read the recordings and their labels, in the order of their names."""
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    orders = []
    for name, label in sorted(labels.items())[:limit]:
        samples, rate = soundfile.read(folder / name, dtype="float32")
        if rate != SAMPLE_RATE_HZ or samples.ndim != 1:
            raise SystemExit(f"{name} is not 16 kHz mono")
        orders.append(Order(name, samples, {k: normalise(v) for k, v in label["slots"].items()}))
    return orders


def mixed(speech: Samples, noise: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """Add noise from a random place, at a signal-to-noise ratio over the whole recording."""
    start = rng.integers(0, len(noise) - len(speech))
    piece = noise[start : start + len(speech)]
    gain = math.sqrt(float((speech**2).mean() / (piece**2).mean()) / 10 ** (snr_db / 10))
    return (speech + gain * piece).astype(np.float32)


def pcm(samples: Samples, noise: Samples | None, snr_db: float | None, seed: int) -> bytes:
    """Return 16-bit PCM with a margin of silence, or of the noise, before and after."""
    lead, tail = (int(SAMPLE_RATE_HZ * s) for s in (LEAD_SECONDS, TAIL_SECONDS))
    padded = np.pad(samples, (lead, tail))
    if noise is not None and snr_db is not None:
        padded = mixed(padded, noise, snr_db, np.random.default_rng(seed))
    return (padded / max(1.0, float(np.abs(padded).max())) * 32_767).astype("<i2").tobytes()


@contextmanager
def through_vosk(folder: Path) -> Iterator[Stage]:
    """Use Vosk itself, in this process, one recogniser an utterance."""
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path=str(folder))

    def transcribe(audio: bytes) -> str:
        recogniser = vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ)
        recogniser.AcceptWaveform(audio)
        return str(json.loads(recogniser.FinalResult())["text"])

    yield Stage(transcribe, time.process_time)


@contextmanager
def through_recogniser(folder: Path) -> Iterator[Stage]:
    """Use the project's recognise stage and its child process."""
    from voiceskill.recognise import Recogniser

    with Recogniser(folder) as recogniser:
        yield (
            lambda audio: (
                recogniser.transcribe(Utterance(audio, 0.0, len(audio) / 2 / SAMPLE_RATE_HZ)).text
            )
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table."""

    condition: str
    commands: int
    right: int
    percent_right: float
    low_percent: float
    """Wilson 95 % interval."""
    high_percent: float
    slots_percent: float
    """Labelled slots with the right value."""
    unknown_percent: float
    """Commands with ``<unk>`` in the transcript."""
    real_time_factor: float
    """Processor seconds a second of audio."""


def measure(
    condition: str,
    orders: list[Order],
    grammar: Grammar,
    stage: Stage,
    audio: Callable[[int, Order], bytes],
    heard: dict[str, str],
) -> Result:
    """Decode every order once; transcripts go into ``heard``."""
    right = slots = slots_right = unknown = 0
    spent = seconds = 0.0
    for number, order in enumerate(orders):
        spoken = audio(number, order)
        started = stage.processor_seconds()
        text = heard[order.name] = stage.transcribe(spoken)
        spent += stage.processor_seconds() - started
        seconds += len(spoken) / 2 / SAMPLE_RATE_HZ
        found = grammar.spot(text) or {}
        right += found == dict(order.slots)
        slots += len(order.slots)
        slots_right += sum(found.get(name) == value for name, value in order.slots.items())
        unknown += "<unk>" in text
    low, high = wilson(right, len(orders))
    count = len(orders)
    return Result(
        condition, count, right, *(round(100 * x, 1) for x in (right / count, low, high)),
        round(100 * slots_right / slots, 1), round(100 * unknown / count, 1),
        round(spent / seconds, 4),
    )  # fmt: skip


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927)."""
    z = 1.96
    centre = (right + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * math.sqrt(right * (count - right) / count + z * z / 4)
    return centre - half, centre + half


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder with am/ and conf/")
    parser.add_argument("--noise", help="'kitchen', or a 16 kHz mono sound file")
    parser.add_argument("--snr", default="24,18,12,6", help="decibels, comma-separated")
    parser.add_argument("--through", choices=("vosk", "recogniser"), default="vosk")
    parser.add_argument("--options", help="compiler options as JSON, for experiments")
    parser.add_argument("--limit", type=int, help="only the first so many recordings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures and transcripts here")
    return parser.parse_args()


def main() -> None:
    """Compile the grammar, decode under each condition, print a table."""
    import msgspec

    given = arguments()
    if not (given.data / "barista-dev").is_dir():
        raise SystemExit(f"{given.data} has no barista-dev folder; see the top of this file")
    grammar = read_grammar(given.data / "barista-dev" / "coffee_maker.yaml")
    orders = read_orders(given.data / "barista-dev", given.limit)
    conditions: list[tuple[str, float | None]] = [("clean", None)]
    noise: Samples | None = None
    if given.noise:
        file = given.data / "kitchen-noise.flac" if given.noise == "kitchen" else Path(given.noise)
        noise, _ = soundfile.read(file, dtype="float32")
        name = Path(given.noise).stem
        conditions += [(f"{name} {snr} dB", float(snr)) for snr in given.snr.split(",")]
    options = msgspec.json.decode(given.options or "{}", type=GraphOptions)
    results: list[Result] = []
    heard: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="voiceskill-benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "am").symlink_to((given.model / "am").resolve())
        shutil.copytree(given.model / "conf", folder / "conf")
        with (folder / "conf" / "model.conf").open("a", encoding="utf-8") as conf:
            conf.write(DECODING)
        graph = build_graph(grammar.sample(SENTENCES, given.seed), folder / "graph", options)
        print(f"graph: {graph.words} words, {graph.bytes / 1e6:.2f} MB, {graph.seconds:.1f} s")
        through = through_vosk if given.through == "vosk" else through_recogniser
        with through(folder) as stage:
            for condition, snr in conditions:
                heard[condition] = {}

                def audio(number: int, order: Order, snr: float | None = snr) -> bytes:
                    return pcm(order.samples, noise, snr, given.seed + number)

                row = measure(condition, orders, grammar, stage, audio, heard[condition])
                results.append(row)
                print(
                    f"{row.condition:<16} {row.right:>4}/{row.commands} fully right "
                    f"{row.percent_right:5.1f} % [{row.low_percent:.1f}, {row.high_percent:.1f}]  "
                    f"slots {row.slots_percent:5.1f} %  <unk> in {row.unknown_percent:4.1f} %  "
                    f"real-time factor {row.real_time_factor:.3f}",
                    flush=True,
                )
    if given.json:
        report: dict[str, Any] = {
            "model": str(given.model), "through": given.through, "seed": given.seed,
            "processors": os.cpu_count(), "graph": msgspec.to_builtins(graph),
            "results": [asdict(row) for row in results], "transcripts": heard,
        }  # fmt: skip
        given.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
