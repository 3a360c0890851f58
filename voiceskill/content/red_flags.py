"""The danger signs of ``red_flags.toml``: shapes, loading and checks.

The file is for a clinician to read and edit: lists of words, ways of saying each danger sign as
groups of those words, how urgent each is and what is said. Nothing here decides whether a sentence
is a danger sign; ``voiceskill.safety`` does, with the terms compiled here.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from voiceskill import text
from voiceskill.content.red_flag_examples import ExampleError, check, sentences, spread
from voiceskill.content.red_flag_terms import TermCompiler, TermError, TermIndex
from voiceskill.content.schema import Evidence
from voiceskill.errors import ContentError
from voiceskill.events import Urgency
from voiceskill.settings import Region

FILE_NAME = "red_flags.toml"
LEAST_EXAMPLES = 12
"""Examples a danger sign needs: they also teach the recogniser its words."""

MOST_SENTENCES = 220
"""Sentences taken from one danger sign's examples, so that no sign drowns another."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class RegionLines(_Strict, frozen=True, kw_only=True):
    """What fills ``{emergency}``, ``{urgent}`` and ``{crisis}``; digits written singly."""

    emergency: str
    urgent: str
    crisis: str


class UrgencyLines(_Strict, frozen=True, kw_only=True):
    """What is said for one urgency, around the lines of the danger sign itself."""

    action: str
    """First sentence; what to do. May use the region's placeholders."""
    kiosk: tuple[str, ...] = ()
    """Added at a kiosk."""
    home: tuple[str, ...] = ()
    """Added anywhere else."""


class Tier(_Strict, frozen=True, kw_only=True):
    """One urgency of a danger sign."""

    urgency: Urgency
    say: tuple[str, ...]
    """Spoken after the action; never a diagnosis, never a stretch."""
    action: str = ""
    """Replaces the urgency's own action."""


class When(_Strict, frozen=True, kw_only=True):
    """One way of hearing a danger sign: every term of ``all`` must be heard, in any order.

    A term is alternatives joined with ``|``. An alternative is one word or several in that order,
    with up to two other words between them; ``swell*`` is any word that begins so, ``<leg>`` any
    entry of the word list ``leg``, ``{over 10 minutes}`` any longer time.
    """

    all: tuple[str, ...]
    unless: tuple[str, ...] = ()
    """Silences it when heard, word for word, in the same clause as one of the terms."""
    urgency: Urgency | None = None
    """Which tier; the first one by default."""
    doubt: bool = False
    """Ask the check question first: the words alone do not settle it."""


class RedFlagEntry(_Strict, frozen=True, kw_only=True):
    """One danger sign."""

    id: str
    name: str
    check: str
    """Yes/no question for when it is unclear; yes, silence or unclear means the danger is real."""
    tier: tuple[Tier, ...]
    when: tuple[When, ...]
    examples: tuple[str, ...]
    """Sentences with ``(a|b)`` for alternatives and ``[c]`` for what may be left out; each must
    raise this danger sign. They also teach the recogniser its words."""
    evidence: Evidence
    sources: tuple[str, ...] = ()
    """Keys of sources.toml."""
    reviewed: dt.date
    note: str = ""

    def tier_for(self, urgency: Urgency) -> Tier:
        """Return the tier of that urgency, or the first one."""
        return next((tier for tier in self.tier if tier.urgency is urgency), self.tier[0])


class RedFlagsFile(_Strict, frozen=True, kw_only=True):
    """red_flags.toml."""

    reviewed_by: str = ""
    """Empty until a named clinician has signed."""
    regions: dict[Region, RegionLines]
    lines: dict[Urgency, UrgencyLines]
    words: dict[str, tuple[str, ...]]
    """Word lists, used in terms as ``<name>``."""
    flag: tuple[RedFlagEntry, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A ``When`` with its terms compiled."""

    flag: RedFlagEntry
    order: int
    """Position of the danger sign in the file; earlier wins among equals."""
    urgency: Urgency
    terms: tuple[str, ...]
    """Names of terms in the table's index; all must be heard."""
    unless: str | None
    """Name of a term in the table's index of exceptions."""
    doubt: bool


@dataclass(frozen=True, slots=True, eq=False)
class RedFlagTable:
    """The danger signs, checked and compiled; compared by identity."""

    file: RedFlagsFile
    patterns: tuple[Pattern, ...]
    index: TermIndex
    exceptions: TermIndex
    flags: dict[str, RedFlagEntry]


def load(folder: Path) -> RedFlagTable:
    """Read ``red_flags.toml`` in ``folder``.

    Raises ContentError, naming the place, for a file that is missing or cannot be parsed, an
    unknown key, an unknown word list, a tier or region that is missing, or too few examples.
    """
    path = folder / FILE_NAME
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(raw, RedFlagsFile)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError(f"{path} cannot be read: {error}.", "Mend or restore it.") from error
    except msgspec.ValidationError as error:
        raise ContentError(f"{path}: {error}.", "Mend that entry.") from error
    _check(file, path)
    return _compile(file, path)


def example_sentences(table: RedFlagTable) -> list[str]:
    """Return the examples of every danger sign, written out and normalised, without repeats."""
    written = (text.normalise(line) for entry in table.file.flag for line in examples_of(entry))
    return list(dict.fromkeys(written))


def examples_of(entry: RedFlagEntry) -> list[str]:
    """Return at most ``MOST_SENTENCES`` sentences of a danger sign, every example among them."""
    return spread([sentences(example) for example in entry.examples], MOST_SENTENCES)


def _check(file: RedFlagsFile, path: Path) -> None:
    problems = [f"no [regions.{region}]" for region in Region if region not in file.regions]
    problems += [f"no [lines.{urgency}]" for urgency in Urgency if urgency not in file.lines]
    seen: set[str] = set()
    for entry in file.flag:
        if entry.id in seen:
            problems.append(f"flag {entry.id} is there twice")
        seen.add(entry.id)
        problems += [f"flag {entry.id}: {problem}" for problem in _entry_problems(entry)]
    if problems:
        raise ContentError(f"{path}: {problems[0]}.", "Mend that entry.")


def _entry_problems(entry: RedFlagEntry) -> list[str]:
    problems = []
    if not entry.tier:
        problems.append("no [[flag.tier]]")
    if not entry.when:
        problems.append("no [[flag.when]]")
    if len(entry.examples) < LEAST_EXAMPLES:
        problems.append(f"{len(entry.examples)} examples, at least {LEAST_EXAMPLES} are needed")
    if not entry.sources and entry.evidence is not Evidence.GENERAL:
        problems.append("no sources")
    try:
        for example in entry.examples:
            check(example)
    except ExampleError as error:
        problems.append(f"example {error}")
    urgencies = {tier.urgency for tier in entry.tier}
    problems += [
        f"a [[flag.when]] is {when.urgency} but there is no such tier"
        for when in entry.when
        if when.urgency is not None and when.urgency not in urgencies
    ]
    return problems


def _compile(file: RedFlagsFile, path: Path) -> RedFlagTable:
    compiler, exceptions = TermCompiler(file.words), TermCompiler(file.words)
    patterns = []
    for order, entry in enumerate(file.flag):
        for number, when in enumerate(entry.when, start=1):
            try:
                terms = tuple(compiler.add(source) for source in when.all)
                unless = exceptions.add("|".join(when.unless)) if when.unless else None
            except TermError as error:
                raise ContentError(
                    f"{path}: flag {entry.id}, [[flag.when]] number {number}: {error}.",
                    "Mend that term.",
                ) from error
            if not terms:
                raise ContentError(
                    f"{path}: flag {entry.id}, [[flag.when]] number {number} has no terms.",
                    "Give it at least one.",
                )
            urgency = when.urgency or entry.tier[0].urgency
            patterns.append(Pattern(entry, order, urgency, terms, unless, when.doubt))
    return RedFlagTable(
        file,
        tuple(patterns),
        compiler.index(),
        exceptions.index(),
        {entry.id: entry for entry in file.flag},
    )
