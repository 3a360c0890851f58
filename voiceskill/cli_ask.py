"""``voiceskill ask``: one question in, the answer shown, spoken or kept as a file."""

from __future__ import annotations

import wave
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from voiceskill import settings as settings_module
from voiceskill.errors import AudioError
from voiceskill.paths import settings_file

if TYPE_CHECKING:
    from voiceskill.play import Loudspeaker
    from voiceskill.skill import Answer, Skill

COMPILING = "Preparing the recogniser for this content, once, about 5 seconds…"


@dataclass(frozen=True, slots=True)
class _Options:
    out: Path | None
    as_json: bool
    quiet: bool
    speech: bool


@click.command("ask")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--text", metavar="TEXT", help="A typed question instead of a recorded one.")
@click.option("--out", type=click.Path(path_type=Path), metavar="WAV",
              help="Keep the spoken answer as a WAV file instead of speaking it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True,
              help="Write every event as a line of JSON and nothing else.")  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Show the answer only.")
@click.option("--no-speech", is_flag=True, help="Do not speak the answer aloud.")
def ask(
    file: Path | None, text: str | None, out: Path | None, as_json: bool, quiet: bool,
    no_speech: bool,
) -> None:  # fmt: skip
    """Answer the question in FILE (WAV, FLAC or OGG), or the typed one.

    The answer is shown, and spoken aloud where there is a loudspeaker.
    """
    if (file is None) == (text is None):
        raise click.UsageError("Give a recording or a question: ask FILE, or ask --text TEXT.")
    options = _Options(out, as_json, quiet, speech=not no_speech and out is None)
    settings = settings_module.load(settings_file())
    from voiceskill.play import Loudspeaker
    from voiceskill.skill import Skill

    with ExitStack() as stack:
        skill = stack.enter_context(Skill(settings, on_compile=_say_compiling))
        loudspeaker = None
        if file is not None:
            skill.expect(file)
        if options.speech:
            loudspeaker = stack.enter_context(Loudspeaker())
            loudspeaker.start()
        if not no_speech:
            skill.session.voice.start()
        answer = skill.ask(file) if file is not None else skill.ask_text(text or "")
        answers = [answer]
        # Nobody can answer back here, so a question about a danger sign counts as a yes.
        further = skill.unanswered()
        if further is not None:
            answers.append(further)
        _present(skill, answers, loudspeaker, options)


def _present(
    skill: Skill, answers: list[Answer], loudspeaker: Loudspeaker | None, options: _Options
) -> None:
    from voiceskill import cli_show as show

    for answer in answers:
        if options.as_json:
            for event in answer.events:
                click.echo(show.as_json(event))
            continue
        if not options.quiet and answer is answers[0]:
            show.show_heard(answer)
        show.show_reply(answer)
    if not (options.as_json or options.quiet):
        show.show_sources(answers[-1], skill.session.catalogue)
    if options.out is not None:
        seconds = _keep(answers, options.out)
        if not (options.as_json or options.quiet):
            show.note(f"The spoken answer is in {options.out} ({seconds:.1f} seconds).")
    elif loudspeaker is not None:
        _speak(skill, answers, loudspeaker, options)


def _speak(
    skill: Skill, answers: list[Answer], loudspeaker: Loudspeaker, options: _Options
) -> None:
    """Speak the answers; a machine without a loudspeaker is told so in one line."""
    from voiceskill import cli_show as show
    from voiceskill.play import NoLoudspeaker

    try:
        loudspeaker.open()
    except NoLoudspeaker as lack:
        if not (options.as_json or options.quiet):
            show.note(str(lack))
        return
    for answer in answers:
        for event in skill.speak(answer, loudspeaker):
            if options.as_json:
                click.echo(show.as_json(event))


def _keep(answers: list[Answer], out: Path) -> float:
    """Write the answers as one WAV file, whole or not at all; return its length in seconds."""
    sounds = [answer.pcm() for answer in answers]
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as stream, wave.open(stream, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sounds[0].rate_hz)
            for sound in sounds:
                file.writeframes(sound.samples)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AudioError(
            f"'{out}' cannot be written: {error.strerror}.", "Choose another place for --out."
        ) from error
    return sum(sound.seconds for sound in sounds)


def _say_compiling() -> None:
    click.echo(COMPILING, err=True)
