"""``voiceskill evaluate``: how often it is right, and how often it answers when it must not."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from voiceskill import settings as settings_module
from voiceskill.errors import EvaluationError
from voiceskill.evaluate import Plan, Progress, evaluate
from voiceskill.evaluate_calibrate import write_thresholds
from voiceskill.evaluate_noise import GENERATORS
from voiceskill.evaluate_report import BREAKDOWNS, Report
from voiceskill.evaluate_sets import Half
from voiceskill.paths import settings_file

TABLE_WIDTH = 160
"""Columns when the output is a file rather than a terminal."""


@click.command("evaluate")
@click.option("--text", "text_sets", multiple=True, type=click.Path(path_type=Path),
              help="A set of sentences (TOML); may be given again.")  # fmt: skip
@click.option("--audio", "audio_manifests", multiple=True, type=click.Path(path_type=Path),
              help="A manifest of recordings (TOML); may be given again.")  # fmt: skip
@click.option("--half", type=click.Choice([half.value for half in Half]),
              help="Only this half of the sets; the test half is never calibrated on.")  # fmt: skip
@click.option("--noise", multiple=True, metavar="NAME|FILE",
              help=f"Mix noise into every clean recording: {', '.join(GENERATORS)}, or an "
              "audio file.")  # fmt: skip
@click.option("--snr", default="20,10,5", show_default=True, metavar="DB,...",
              help="Ratios of speech to noise, in dB over the speech-active part.")  # fmt: skip
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 256),
              help="Processes; the figures are the same for any number.")  # fmt: skip
@click.option("--by", "breakdowns", multiple=True, type=click.Choice(list(BREAKDOWNS)),
              default=("set", "voice", "noise"), show_default=True,
              help="Divide the figures by this; may be given again.")  # fmt: skip
@click.option("--mistakes", default=0, metavar="N", help="List the N worst mistakes; -1 for all.")
@click.option("--json", "json_file", type=click.File("w"), metavar="FILE",
              help="Write every figure and case as JSON; - for standard output.")  # fmt: skip
@click.option("--calibrate", is_flag=True,
              help="Choose the matcher's thresholds on the dev half and write them into the "
              "content.")  # fmt: skip
def evaluate_command(
    text_sets: tuple[Path, ...],
    audio_manifests: tuple[Path, ...],
    half: str | None,
    noise: tuple[str, ...],
    snr: str,
    jobs: int,
    breakdowns: tuple[str, ...],
    mistakes: int,
    json_file: IO[str] | None,
    calibrate: bool,
) -> None:
    """Ask every sentence and recording of the sets and count what comes of it."""
    settings = settings_module.load(settings_file())
    if calibrate and half == Half.TEST:
        raise EvaluationError(
            "The test half is never calibrated on.", "Leave --half out, or say --half dev."
        )
    plan = Plan(
        text_sets=text_sets,
        audio_manifests=audio_manifests,
        half=Half.DEV if calibrate else Half(half) if half else None,
        noise=noise,
        snrs_db=_ratios(snr),
    )
    with _progress() as progress:
        report = evaluate(plan, settings, jobs, progress)
    if calibrate:
        written = write_thresholds(report, settings, _command(), dt.date.today())
        click.echo(f"Thresholds written to {written}; measured before they were:", err=True)
    if json_file is not None:
        json.dump(report.as_json(), json_file, indent=1, ensure_ascii=False)
        json_file.write("\n")
    if json_file is None or json_file.name != "-":
        _show(report, breakdowns, mistakes)


def _command() -> str:
    return " ".join(["voiceskill", *sys.argv[1:]])


def _ratios(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise EvaluationError(
            f"'{text}' is not a list of ratios.", "Write numbers with commas: --snr 20,10,5"
        ) from error


def _show(report: Report, breakdowns: tuple[str, ...], mistakes: int) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=TABLE_WIDTH)
    for table in report.tables(breakdowns):
        console.print(table)
    if mistakes:
        console.print(report.mistakes_table(None if mistakes < 0 else mistakes))


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Show a bar on standard error where somebody can see it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("asking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
