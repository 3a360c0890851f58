"""The catalogue's phrases reduced to rows of units, once for every set of content files.

Templates write out to tens of thousands of phrases that differ in "the" and "my"; the table keeps
one row for each way of saying something that the matcher can tell apart. Making it takes seconds,
so it is kept in a cache folder under the content's digest.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from voiceskill.content.catalogue import Catalogue, Constraint
from voiceskill.match_lexicon import is_light
from voiceskill.match_slots import Tagger, Unit
from voiceskill.text import fold_normalised

NEGATIVE = "!"
"""First character of the label of a sentence that must not be answered."""

STEERING = frozenset(
    f"meta.{name}"
    for name in (
        *("stop", "repeat", "slower", "faster", "louder", "quieter", "shorter", "more", "else"),
        *("next", "back", "pause", "resume", "yes", "no", "about", "why"),
    )
)
"""Intents that steer the conversation: short words such as "back" and "more"."""

FEW_WORDS = 2
"""Phrases of so few words that matter are told apart by their grammar as well."""

_CODE = ("match_table.py", "match_lexicon.py", "match_slots.py", "text.py")


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One distinguishable phrase."""

    label: str
    """Intent id, or ``!`` and a redirect's id."""
    phrase: str
    keys: str
    """Its units' keys in order."""
    core: str
    """The same without grammar and colour; equal to ``keys`` when that leaves under two."""
    features: tuple[str, ...]
    """What ``core`` says, sorted: stems and concepts, and ``slot=value|value`` for slots."""
    constraints: tuple[Constraint, ...]


def slot_feature(slot: str, values: frozenset[str] | None) -> str:
    """Return the feature of a slot that takes ``values``; None: any value."""
    return f"{slot}={'|'.join(sorted(values or ()))}"


def spelled(units: Sequence[Unit]) -> tuple[str, str]:
    """Return the units' keys, and those that carry meaning, as strings."""
    keys = [unit.key for unit in units]
    core = [key for key in keys if not is_light(key)]
    return " ".join(keys), " ".join(core if len(core) > 1 else keys)


def rows(catalogue: Catalogue, tagger: Tagger, cache: Path | None = None) -> tuple[Row, ...]:
    """Return the rows of ``catalogue``, sorted by label.

    ``cache`` is a folder to keep them in; a cache that cannot be read or written is done without.
    """
    if cache is None:
        return _reduced(catalogue, tagger)
    file = cache / "match" / f"{catalogue.digest[:24]}-{_code_stamp()}.msgpack"
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=tuple[Row, ...])
    except (OSError, msgspec.DecodeError):
        table = _reduced(catalogue, tagger)
        _keep(file, table)
        return table


def _reduced(catalogue: Catalogue, tagger: Tagger) -> tuple[Row, ...]:
    sources = [(p.intent, p.text, p.constraints) for p in catalogue.phrases]
    sources += [(NEGATIVE + (n.redirect or ""), n.text, n.constraints) for n in catalogue.negatives]
    distinct = {
        (label, _outline(label, text), constraints): text
        for label, text, constraints in reversed(sources)
    }
    found: dict[tuple[str, str, tuple[str, ...]], Row] = {}
    for (label, _, constraints), text in distinct.items():
        units = tagger.tag(fold_normalised(text).split())
        keys, core = spelled(units)
        told = units if core == keys else [unit for unit in units if not is_light(unit.key)]
        features = _features(told, constraints)
        short = label in STEERING or core.count(" ") < FEW_WORDS
        found[label, keys if short else core, features] = Row(
            label, text, keys, core, features, constraints
        )
    return tuple(sorted(found.values(), key=lambda row: (row.label, row.phrase)))


def _outline(label: str, text: str) -> str:
    """Return the words that tell phrases apart; cheap, because it sees every phrase."""
    words = text.split()
    core = [word for word in words if not is_light(word)]
    whole = label in STEERING or len(core) <= FEW_WORDS
    return " ".join(words if whole else core)


def _features(units: Sequence[Unit], constraints: Sequence[Constraint]) -> tuple[str, ...]:
    limits = dict(constraints)
    features: set[str] = set()
    for unit in units:
        if unit.values:
            features.update(slot_feature(s, frozenset({value})) for s, value in unit.values[:1])
        elif unit.key[0] == "{":
            slot = unit.key[1:-1]
            features.add(slot_feature(slot, limits.get(slot)))
        else:
            features.add(unit.key)
    return tuple(sorted(features))


def _code_stamp() -> str:
    """Return what changes with this code, so that a table of older code is never read."""
    folder = Path(__file__).parent
    stats = [(folder / name).stat() for name in _CODE]
    stamp = repr([(stat.st_mtime_ns, stat.st_size) for stat in stats])
    return hashlib.sha256(stamp.encode()).hexdigest()[:8]


def _keep(file: Path, table: tuple[Row, ...]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(msgspec.msgpack.encode(table))
        Path(name).replace(file)
    except OSError:
        return
