"""How an answer looks: colours in a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import Any

import click
import msgspec

from voiceskill.content.catalogue import Catalogue
from voiceskill.events import (
    Event,
    Match,
    Pcm,
    RedFlag,
    ReplyKind,
    Spoken,
    Urgency,
    Utterance,
)
from voiceskill.skill import Answer

WIDEST = 78
_HEADINGS = {
    Urgency.EMERGENCY: "THIS MAY BE AN EMERGENCY",
    Urgency.TODAY: "GET MEDICAL ADVICE TODAY",
    Urgency.ROUTINE: "PLEASE SEE A DOCTOR ABOUT THIS",
    Urgency.CRISIS: "PLEASE TALK TO SOMEBODY NOW",
}
_CHECK_HEADING = "ONE QUESTION FIRST"
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def as_json(event: Event) -> str:
    """Return an event as one line of JSON; sound is given by its length only."""
    return msgspec.json.encode({"event": _name(event), **_fields(event)}).decode()


def show_heard(answer: Answer) -> None:
    """Show what was heard and what was made of it."""
    text = answer.transcript.text or "(nothing)"
    label = "Asked" if answer.transcript.typed else "Heard"
    click.echo(f"{_dim(label + ':')} {text}")
    click.echo(_dim(_verdict(answer)))
    click.echo()


def show_reply(answer: Answer) -> None:
    """Show the sentences to say; a danger sign so that it cannot be missed."""
    urgency = _urgency(answer)
    if urgency is None:
        for place, sentence in enumerate(answer.reply):
            click.echo(click.style(_wrapped(sentence), bold=place == 0))
        return
    check = answer.kind is ReplyKind.CHECK
    heading = _CHECK_HEADING if check else _HEADINGS[urgency]
    colour = "blue" if check or urgency is Urgency.ROUTINE else "red"
    _show_boxed(heading, answer.reply, colour)


def show_sources(answer: Answer, catalogue: Catalogue) -> None:
    """Show where the answer comes from, and that nobody has signed it yet."""
    if answer.sources:
        click.echo()
        click.echo(_dim("Sources:"))
        for source in answer.sources:
            click.echo(_dim(_wrapped(source.title, "  ")))
            click.echo(_dim(f"    {source.url}"))
    if answer.kind is ReplyKind.ANSWER:
        click.echo()
        click.echo(_dim(_wrapped(" ".join(catalogue.wording.not_reviewed))))


def note(text: str) -> None:
    """Say something beside the answer, on stderr."""
    click.echo(click.style(_wrapped(text), dim=True), err=True)


def _name(event: Event) -> str:
    return _CAPITAL.sub("_", type(event).__name__).lower()


def _fields(event: Event) -> dict[str, Any]:
    match event:
        case Utterance():
            return {
                "start_seconds": round(event.start_seconds, 3),
                "end_seconds": round(event.end_seconds, 3),
                "truncated": event.truncated,
            }
        case Spoken(sentence, Pcm() as pcm):
            return {
                "sentence": sentence,
                "seconds": round(pcm.seconds, 3),
                "rate_hz": pcm.rate_hz,
            }
        case _:
            fields: dict[str, Any] = msgspec.to_builtins(event)
            return fields


def _verdict(answer: Answer) -> str:
    flag = next((event for event in answer.events if isinstance(event, RedFlag)), None)
    if flag is not None:
        return f"Danger sign {flag.id} ({flag.urgency}), from: {flag.evidence}"
    match = next((event for event in answer.events if isinstance(event, Match)), None)
    if match is not None:
        slots = "".join(f", {name}: {value}" for name, value in match.slots.items())
        return f"Understood: {match.intent} (score {match.score:.0f}{slots})"
    if answer.reason is not None:
        return f"Not answered: {answer.reason.replace('_', ' ')}"
    return ""


def _urgency(answer: Answer) -> Urgency | None:
    """Return how urgent a reply about a danger sign is; None for every other reply."""
    if answer.kind not in (ReplyKind.RED_FLAG, ReplyKind.CHECK):
        return None
    return next((e.urgency for e in answer.events if isinstance(e, RedFlag)), Urgency.EMERGENCY)


def _show_boxed(heading: str, sentences: tuple[str, ...], colour: str) -> None:
    width = _width()
    lines = ["!" * width, f"!! {heading}", "!!"]
    for sentence in sentences:
        lines += textwrap.wrap(sentence, width, initial_indent="!! ", subsequent_indent="!! ")
    lines.append("!" * width)
    for line in lines:
        if _in_terminal():
            click.secho(f"{line:{width}}", fg="white", bg=colour, bold=True)
        else:
            click.echo(line)


def _in_terminal() -> bool:
    return sys.stdout.isatty()


def _width() -> int:
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def _wrapped(text: str, indent: str = "") -> str:
    """Break ``text`` to the terminal's width; elsewhere a sentence stays one line."""
    if not _in_terminal():
        return indent + text
    return textwrap.fill(text, _width(), initial_indent=indent, subsequent_indent=indent)


def _dim(text: str) -> str:
    return click.style(text, dim=True)
