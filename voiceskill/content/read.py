"""Content files as staff write them, read into the shapes of ``voiceskill.content.schema``.

Everything that can be wrong with one file by itself is reported here with its line.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from voiceskill.content.catalogue import Problem
from voiceskill.content.schema import (
    NegativesFile,
    PhrasesFile,
    RoutinesFile,
    SlotsFile,
    SourceEntry,
    ThresholdsFile,
    TopicFile,
)
from voiceskill.errors import ContentError

RED_FLAGS = "red_flags.toml"
"""Read by ``voiceskill.content.red_flags``; counted in the digest here."""

_FIXED = ("slots", "routines", "negatives", "phrases", "sources", "thresholds")
_NOT_TOPICS = {f"{name}.toml" for name in _FIXED} | {RED_FLAGS}
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
_BACKTICKS = re.compile(r"`([^`]*)`")
_KINDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "array": "a list in [ ]",
    "object": "a table",
    "date": "a date such as 2026-11-22",
    "bool": "true or false",
    "null": "nothing",
}


class PackError(Exception):
    """One file cannot be read; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file, for finding lines."""

    name: str
    """As shown to people, such as ``intents/en/why.toml``."""
    text: str

    def place(self, table: str, position: int, title: str = "") -> str:
        """Return where entry ``position`` (from 0) of ``[[table]]`` is, for a person."""
        header = re.compile(rf"^[ \t]*\[\[[ \t]*{re.escape(table)}[ \t]*\]\]", re.MULTILINE)
        name = f"{table.rpartition('.')[2]} {position + 1}" + (f" ({title})" if title else "")
        for found, match in enumerate(header.finditer(self.text)):
            if found == position:
                return f"line {self.text.count(chr(10), 0, match.start()) + 1}, {name}"
        return name

    def entry(self, name: str) -> str:
        """Return where the table ``[name]`` is, for a person."""
        match = re.search(rf"^[ \t]*\[{re.escape(name)}\]", self.text, re.MULTILINE)
        line = f"line {self.text.count(chr(10), 0, match.start()) + 1}, " if match else ""
        return f"{line}[{name}]"


@dataclass(frozen=True, slots=True)
class Pack:
    """All files of one language but the red flags, each well-formed by itself."""

    topics: Mapping[str, TopicFile]
    """By file name."""
    slots: SlotsFile
    routines: RoutinesFile
    negatives: NegativesFile
    phrases: PhrasesFile
    sources: Mapping[str, SourceEntry]
    thresholds: ThresholdsFile
    texts: Mapping[str, Source]
    """By file name."""


def language_folder(folder: Path) -> Path:
    """Return the folder with the files of English, given it or the ``intents`` folder above it.

    Raises ContentError when it is neither.
    """
    for candidate in (folder, folder / "en"):
        if (candidate / "slots.toml").is_file():
            return candidate
    raise ContentError(
        f"The folder '{folder}' holds no content: it has no slots.toml.",
        "Name the folder that holds slots.toml, or take the setting 'intents' out.",
    )


def read_bytes(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every content file by name, sorted; ContentError when unreadable."""
    try:
        found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    except OSError as error:
        raise ContentError(
            f"The content in '{folder}' cannot be read: {error.strerror}.",
            "Check the folder's permissions.",
        ) from error
    for name in sorted(_NOT_TOPICS):
        if name not in found:
            raise ContentError(
                f"The content in '{folder}' lacks the file {name}.",
                "Put it back from the last good copy.",
            )
    return found


def parse(folder: Path, data: Mapping[str, bytes]) -> tuple[Pack | None, list[Problem]]:
    """Return the files as a pack, or None and one problem for each file that cannot be read."""
    problems: list[Problem] = []
    texts: dict[str, Source] = {}
    parsed: dict[str, Any] = {}
    for name, content in data.items():
        if name == RED_FLAGS:
            continue
        try:
            texts[name] = Source(shown(folder, name), _text(shown(folder, name), content))
            parsed[name] = _convert(texts[name], _shape(name))
        except PackError as error:
            problems.append(error.problem)
    if problems:
        return None, problems
    fixed = {name: parsed.pop(f"{name}.toml") for name in _FIXED}
    return Pack(topics=parsed, texts=texts, **fixed), []


def shown(folder: Path, name: str) -> str:
    """Return how a file is named to people, such as ``intents/en/why.toml``."""
    return f"{folder.resolve().parent.name}/{folder.name}/{name}"


def _shape(name: str) -> Any:
    shapes: dict[str, Any] = {
        "slots.toml": SlotsFile,
        "routines.toml": RoutinesFile,
        "negatives.toml": NegativesFile,
        "phrases.toml": PhrasesFile,
        "sources.toml": SourceEntry,
        "thresholds.toml": ThresholdsFile,
    }
    return shapes.get(name, TopicFile)


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PackError(
            Problem(name, f"line {line}", "this is not UTF-8 text", "save the file as UTF-8")
        ) from error


def _convert(source: Source, shape: Any) -> Any:
    try:
        table = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise PackError(_toml_problem(source, str(error))) from error
    if shape is SourceEntry:  # keys are free, and msgspec does not say at which one it stopped
        return {key: _typed(source, entry, shape, key) for key, entry in table.items()}
    return _typed(source, table, shape)


def _typed(source: Source, table: Any, shape: Any, name: str = "") -> Any:
    try:
        return msgspec.convert(table, shape)
    except msgspec.ValidationError as error:
        problem = _shape_problem(source, table, shape, str(error))
        if name:
            problem = dataclasses.replace(problem, place=source.entry(name))
        raise PackError(problem) from error


def _toml_problem(source: Source, message: str) -> Problem:
    found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", message)
    said = message[: found.start()].strip() if found else message
    place = f"line {found[1]}, column {found[2]}" if found and found[1] else "at the end"
    return Problem(
        source.name,
        place,
        f"this is not TOML: {said[:1].lower()}{said[1:]}",
        "look there, and at the line before, for a missing quote, comma or bracket",
    )


def _shape_problem(source: Source, table: Any, shape: Any, message: str) -> Problem:
    said, _, path = message.partition(" - at ")
    place, key, owner = _walk(source, table, shape, _STEP.findall(path.strip("`")))
    names = _BACKTICKS.findall(said)
    if "unknown field" in said:
        known = _fields(owner)
        close = get_close_matches(names[0], known, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}"
        return Problem(source.name, place, f"unknown key '{names[0]}'", hint)
    if "missing required field" in said:
        return Problem(source.name, place, f"'{names[0]}' is missing", f"add a line {names[0]} = …")
    if "Invalid enum value" in said:
        value = said.partition("value ")[2]
        return Problem(source.name, place, f"'{key}' cannot be {value}", _enum_hint(owner, key))
    kinds = [" or ".join(_KINDS.get(k, k) for k in name.split(" | ")) for name in names]
    if len(kinds) == 2:
        said = f"it is {kinds[1]}, but should be {kinds[0]}"
    return Problem(
        source.name,
        place,
        f"'{key}' cannot be used: {said}" if key else said,
        "compare it with another entry of the same file",
    )


def _walk(
    source: Source, table: Any, shape: Any, steps: list[tuple[str, str]]
) -> tuple[str, str, Any]:
    """Follow msgspec's path: return the place for a person, the last key, and its owner's type."""
    parts: list[str] = []
    key, owner, node = "", shape, table
    for name, index in steps:
        if name:
            key, shape, node = name, _field_type(shape, name), node.get(name)
        elif index.isdigit():
            shape, node = _item_type(shape), node[int(index)]
            title = str(node.get("id") or node.get("name") or "") if isinstance(node, dict) else ""
            if parts:
                parts.append(f"{key} {int(index) + 1}" + (f" ({title})" if title else ""))
            else:
                parts.append(source.place(key, int(index), title))
            key = "" if isinstance(node, dict) else key
        if _fields(shape):
            owner = shape
    return ", ".join(parts), key, owner


def _fields(shape: Any) -> list[str]:
    known = getattr(shape, "__struct_fields__", ())
    return list(known)


def _field_type(shape: Any, name: str) -> Any:
    if name in _fields(shape):
        return next(f.type for f in msgspec.structs.fields(shape) if f.name == name)
    return None


def _item_type(shape: Any) -> Any:
    arguments = getattr(shape, "__args__", ())
    return arguments[-1] if arguments else None


def _enum_hint(owner: Any, key: str) -> str:
    values = [str(value) for value in _field_type(owner, key) or ()]
    return f"it may be one of: {', '.join(values)}"
