"""Command line of the recipe: one command a step, each of which can be stopped and repeated."""

from __future__ import annotations

import argparse
from pathlib import Path


def _corpus(options: argparse.Namespace) -> None:
    from models.training import corpus

    match options.part:
        case "cheap":
            corpus.speak_cheap(options.work, options.count, options.seed)
        case "kokoro":
            corpus.speak_kokoro(
                options.work,
                options.kokoro_voices,
                options.worker,
                options.workers,
                options.minutes,
                options.seed,
            )
        case _:
            corpus.speak_development(
                options.work, options.kokoro_voices, options.count, options.seed
            )


def _features(options: argparse.Namespace) -> None:
    from models.training.features import make_all

    for line in make_all(options.work, options.wake_words, options.final, options.only):
        print(line, flush=True)


def _train(options: argparse.Namespace) -> None:
    from models.training.train import train

    for line in train(options.work, options.minutes, options.seed, options.name, options.start):
        print(line, flush=True)


def _export(options: argparse.Namespace) -> None:
    from models.training.export import export

    for line in export(options.work, options.name, options.model, options.fixed):
        print(line, flush=True)


def _evaluate(options: argparse.Namespace) -> None:
    from models.training.evaluate import evaluate

    for line in evaluate(options.work, options.kokoro_voices, options.model):
        print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for everything made")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kokoro-voices", type=Path, help="`voices` folder of npm's kokoro-js")
    parser.add_argument("--model", type=Path, default=Path("models/en-cramp"))
    steps = parser.add_subparsers(required=True)
    step = steps.add_parser("corpus", help="speak the sentences")
    step.add_argument("part", choices=("cheap", "kokoro", "development"))
    step.add_argument("--count", type=int, default=12_000, help="sentences (cheap)")
    step.add_argument("--minutes", type=float, default=120.0, help="minutes of audio (kokoro)")
    step.add_argument("--worker", type=int, default=0)
    step.add_argument("--workers", type=int, default=1)
    step.set_defaults(run=_corpus)
    step = steps.add_parser("features", help="augment, and compute log mel energies")
    step.add_argument("--wake-words", type=Path, help="manifest of the wake-word recordings")
    step.add_argument("--final", action="store_true", help="also write incomplete shards")
    step.add_argument("--only", default="", help="manifests whose name begins so")
    step.set_defaults(run=_features)
    step = steps.add_parser("train", help="train, or continue to train")
    step.add_argument("--minutes", type=float, default=60.0)
    step.add_argument("--name", default="network")
    step.add_argument("--start", metavar="NAME", help="refine the weights of another run")
    step.set_defaults(run=_train)
    step = steps.add_parser("export", help="write the Vosk model")
    step.add_argument("--name", default="network")
    step.add_argument(
        "--fixed",
        type=float,
        nargs=2,
        metavar=("PRIOR_SCALE", "BLANK_PENALTY"),
        help="default: chosen on the development set",
    )
    step.set_defaults(run=_export)
    step = steps.add_parser("evaluate", help="measure the model on voices it never heard")
    step.set_defaults(run=_evaluate)
    return parser


if __name__ == "__main__":
    arguments = _parser().parse_args()
    arguments.run(arguments)
