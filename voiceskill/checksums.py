"""A folder's files against the ``SHA256SUMS`` inside it, in the format of sha256sum(1)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUMS = "SHA256SUMS"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a folder's files."""

    file: str
    """Relative to the folder."""
    message: str
    """Follows the file's name: "is missing", "has been changed"."""

    def __str__(self) -> str:
        return f"{self.file} {self.message}"


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(folder: Path) -> None:
    """Record every file under ``folder`` in its ``SHA256SUMS``."""
    lines = [f"{of_file(folder / name)}  {name}\n" for name in sorted(_names(folder))]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def recorded(folder: Path) -> dict[str, str]:
    """Return file name to digest; empty when there is no ``SHA256SUMS`` or it is no such file."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = [_LINE.fullmatch(line) for line in lines]
    return {line[2]: line[1] for line in found if line}


def problems(folder: Path) -> tuple[Problem, ...]:
    """Return what differs from ``SHA256SUMS``: missing, changed, unreadable and added files."""
    expected = recorded(folder)
    if not expected:
        return (Problem(SUMS, "is missing, so nothing can be verified"),)
    found = set(_names(folder))
    wrong = [Problem(name, "is not part of the model") for name in sorted(found - set(expected))]
    for name, digest in expected.items():
        if name not in found:
            wrong.append(Problem(name, "is missing"))
            continue
        try:
            if of_file(folder / name) != digest:
                wrong.append(Problem(name, "has been changed or damaged"))
        except OSError as error:
            wrong.append(Problem(name, f"cannot be read ({error.strerror})"))
    return tuple(wrong)


def _names(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name != SUMS and (path.is_symlink() or not path.is_dir()):
            yield name
