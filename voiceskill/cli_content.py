"""``voiceskill content``: for staff who change what can be asked and answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import click

from voiceskill import models, paths, safety
from voiceskill import settings as settings_module
from voiceskill.content import check, load, read, red_flags
from voiceskill.content.catalogue import Catalogue
from voiceskill.errors import ContentError
from voiceskill.events import RedFlag
from voiceskill.graph.lexicon import pronunciations
from voiceskill.match import Matcher
from voiceskill.settings import Settings
from voiceskill.voice import Voice


@click.group("content")
def content() -> None:
    """Check and compile what can be asked."""


@content.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def check_command(folder: Path | None) -> None:
    """Find everything that is wrong in FOLDER, or in the content in use."""
    settings = settings_module.load(paths.settings_file())
    _check(folder or _in_use(settings))


@content.command("build")
@click.option("--no-speech", is_flag=True, help="Do not render the answers ahead of time.")
def build_command(no_speech: bool) -> None:
    """Check the content in use, compile the recogniser's graph and render the answers."""
    settings = settings_module.load(paths.settings_file())
    folder = _in_use(settings)
    _check(folder)
    started = time.perf_counter()
    catalogue = load.load(folder, cache=settings.cache)
    compiled: list[bool] = []
    model = models.resolve(settings)
    ready = models.prepare(model, catalogue, settings, lambda: compiled.append(True))
    Matcher(catalogue, settings.cache or paths.cache_dir())
    spent = time.perf_counter() - started
    how = f"compiled in {spent:.1f} seconds" if compiled else "up to date"
    click.echo(f"The recogniser's graph is {how}: {ready}")
    if not no_speech:
        _render(settings, catalogue, folder)


def _in_use(settings: Settings) -> Path:
    return settings.intents or paths.bundled("intents")


def _check(folder: Path) -> None:
    problems = check.check(folder, pronounce=pronunciations)
    for problem in problems:
        click.echo(f"{problem}\n  {problem.hint}")
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ContentError(f"The content has {count}.", "Mend them, then check again.")
    click.echo(f"The content in {folder} is in order.")


def _render(settings: Settings, catalogue: Catalogue, folder: Path) -> None:
    """Render what may be said first; the rest is rendered while that is heard."""
    sentences = dict.fromkeys(_first_sentences(settings, catalogue, folder))
    started = time.perf_counter()
    voice = Voice(settings)
    try:
        seconds = sum(voice.render_ahead(sentence).seconds for sentence in sentences)
    finally:
        voice.close()
    click.echo(
        f"{len(sentences)} first sentences are rendered, {seconds / 60:.1f} minutes of speech, "
        f"in {time.perf_counter() - started:.1f} seconds."
    )


def _first_sentences(settings: Settings, catalogue: Catalogue, folder: Path) -> Iterator[str]:
    wording = catalogue.wording
    for said in (wording.say_again, wording.choices, wording.off_topic):
        yield said[0]
    for redirect in catalogue.redirects.values():
        yield redirect.say[0]
    for entry in catalogue.intents.values():
        yield from entry.say[:1]
    # Last, because a full cache drops what was rendered first.
    table = red_flags.load(read.language_folder(folder))
    for flag in table.file.flag:
        yield flag.check
        for tier in flag.tier:
            sign = RedFlag(flag.id, tier.urgency, "")
            yield from safety.reply(sign, table, settings).sentences
