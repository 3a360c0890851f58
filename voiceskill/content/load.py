"""Content folder in, ``Catalogue`` out: read, checked for broken references, written out, cached.

Writing out the templates takes about a second, so the result is kept in the cache folder under
the digest of the files; a start with unchanged content only reads that.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from voiceskill import paths
from voiceskill.content import read, red_flags, references
from voiceskill.content.catalogue import Catalogue, Negative, Phrase, Problem, SlotForm
from voiceskill.content.read import Pack
from voiceskill.content.templates import (
    Picker,
    Rules,
    TemplateError,
    constraints,
    expand,
    thin,
)
from voiceskill.errors import ContentError

_Lists = dict[str, dict[str, frozenset[str]]]

_KEPT = 8
"""Catalogues kept in the cache: an editor going back and forth stays fast."""

_CODE = ("schema.py", "catalogue.py", "read.py", "red_flags.py", "templates.py", "load.py")


def load(folder: Path, *, cache: Path | None = None) -> Catalogue:
    """Return the content of ``folder`` (``intents``, or ``intents/en`` itself).

    ``cache`` is the folder for the written-out catalogue; none means the user's. A cache that
    cannot be read or written is done without. Raises ContentError, naming file and place, for the
    first thing that is wrong.
    """
    language = read.language_folder(folder)
    data = read.read_bytes(language)
    digest = digest_of(data)
    kept = (cache or paths.cache_dir()) / "content" / f"{digest[:24]}-{_code_stamp()}.msgpack"
    catalogue = _from_cache(kept)
    if catalogue is None:
        catalogue, problems = assemble(language, data)
        if catalogue is None:
            raise problems[0].error()
        _to_cache(kept, catalogue)
    return catalogue


def assemble(
    folder: Path, data: Mapping[str, bytes], pick: Picker = thin
) -> tuple[Catalogue | None, list[Problem]]:
    """Return the catalogue of these files, or None and everything that is wrong with them.

    ``pick`` says which of a template's phrases to keep.
    """
    pack, problems = read.parse(folder, data)
    if pack is None:
        return None, problems
    problems = list(references.problems(pack))
    lists = _lists(pack)
    phrases = _phrases(pack, lists, pick, problems)
    negatives = _negatives(pack, lists, pick, problems)
    forms = _slot_forms(pack, problems)
    examples = _red_flag_examples(folder, problems)
    if problems:
        return None, problems
    catalogue = Catalogue(
        intents={entry.id: entry for topic in pack.topics.values() for entry in topic.intent},
        anchors={
            entry.id: tuple(entry.anchors or topic.anchors)
            for topic in pack.topics.values()
            for entry in topic.intent
        },
        phrases=phrases,
        slots=tuple(pack.slots.slot),
        slot_forms=forms,
        negatives=negatives,
        redirects={redirect.id: redirect for redirect in pack.negatives.redirect},
        routines={routine.id: routine for routine in pack.routines.routine},
        preflight=tuple(pack.routines.preflight),
        sources=dict(pack.sources),
        wording=pack.phrases,
        thresholds=pack.thresholds,
        lead_ins=tuple(pack.slots.lead_ins),
        tails=tuple(pack.slots.tails),
        red_flag_examples=examples,
        digest=digest_of(data),
        language_digest=_language_digest(pack, phrases, negatives, forms, data[read.RED_FLAGS]),
    )
    return catalogue, []


def digest_of(data: Mapping[str, bytes]) -> str:
    """Return the SHA-256 (hex) of these files, names and line ends included."""
    digest = hashlib.sha256()
    for name in sorted(data):
        digest.update(f"{name}\0{len(data[name])}\0".encode())
        digest.update(data[name])
    return digest.hexdigest()


def _lists(pack: Pack) -> _Lists:
    """For each slot, the value ids of each of its lists; a value's own id is a list of one."""
    lists: _Lists = {}
    for slot in pack.slots.slot:
        found: dict[str, set[str]] = {value.id: {value.id} for value in slot.value}
        for value in slot.value:
            for name in value.lists:
                found.setdefault(name, set()).add(value.id)
        lists[slot.name] = {name: frozenset(ids) for name, ids in found.items()}
    return lists


def _phrases(
    pack: Pack, lists: _Lists, pick: Picker, problems: list[Problem]
) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    for name, topic in pack.topics.items():
        source = pack.texts[name]
        rules = Rules({**pack.slots.rules, **topic.rules})
        for position, entry in enumerate(topic.intent):
            seen: set[tuple[str, tuple[tuple[str, frozenset[str]], ...]]] = set()
            for number, template in enumerate(entry.templates):
                try:
                    written = [constraints(text, lists) for text in expand(template, rules, pick)]
                except TemplateError as error:
                    place = f"{source.place('intent', position, entry.id)}, template {number + 1}"
                    problems.append(Problem(source.name, place, str(error), error.hint))
                    continue
                for text, demands in written:
                    if (text, demands) not in seen:
                        seen.add((text, demands))
                        found.append(Phrase(text, entry.id, demands, number))
    return tuple(found)


def _negatives(
    pack: Pack, lists: _Lists, pick: Picker, problems: list[Problem]
) -> tuple[Negative, ...]:
    source = pack.texts["negatives.toml"]
    rules = Rules({**pack.slots.rules, **pack.negatives.rules})
    found: list[Negative] = []
    for position, entry in enumerate(pack.negatives.negative):
        for number, template in enumerate(entry.templates):
            try:
                written = [constraints(text, lists) for text in expand(template, rules, pick)]
            except TemplateError as error:
                place = f"{source.place('negative', position)}, template {number + 1}"
                problems.append(Problem(source.name, place, str(error), error.hint))
                continue
            found.extend(Negative(text, entry.redirect, demands) for text, demands in written)
    return tuple(dict.fromkeys(found))


def _slot_forms(pack: Pack, problems: list[Problem]) -> tuple[SlotForm, ...]:
    source = pack.texts["slots.toml"]
    rules = Rules(pack.slots.rules)
    found: dict[str, SlotForm] = {}
    for position, slot in enumerate(pack.slots.slot):
        for value in slot.value:
            place = f"{source.place('slot', position, slot.name)}, value {value.id}"
            for form in value.say:
                try:
                    texts = expand(form, rules)
                except TemplateError as error:
                    problems.append(Problem(source.name, place, str(error), error.hint))
                    continue
                for text in texts:
                    other = found.setdefault(text, SlotForm(text, slot.name, value.id))
                    if "{" in text:
                        message, hint = f"'{form}' has a slot in it", "write it out in words"
                    elif (other.slot, other.value) != (slot.name, value.id):
                        message = f"'{text}' is also a form of {other.slot} {other.value}"
                        hint = "keep it in one of them"
                    else:
                        continue
                    problems.append(Problem(source.name, place, message, hint))
    return tuple(sorted(found.values(), key=lambda f: (-len(f.text.split()), -len(f.text), f.text)))


def _red_flag_examples(folder: Path, problems: list[Problem]) -> tuple[str, ...]:
    try:
        return tuple(red_flags.example_sentences(red_flags.load(folder)))
    except ContentError as error:
        problems.append(Problem(read.shown(folder, read.RED_FLAGS), "", error.message, error.hint))
        return ()


def _language_digest(
    pack: Pack,
    phrases: tuple[Phrase, ...],
    negatives: tuple[Negative, ...],
    forms: tuple[SlotForm, ...],
    red_flags: bytes,
) -> str:
    said = (
        [(p.text, p.intent, [(s, sorted(v)) for s, v in p.constraints]) for p in phrases],
        [(n.text, [(s, sorted(v)) for s, v in n.constraints]) for n in negatives],
        [(f.text, f.slot, f.value) for f in forms],
        (pack.slots.lead_ins, pack.slots.tails),
    )
    return hashlib.sha256(msgspec.json.encode(said) + red_flags).hexdigest()


def _code_stamp() -> str:
    """Return what changes with this code, so that a cache of older code is never read."""
    folder = Path(__file__).parent
    stats = [(folder / name).stat() for name in _CODE]
    stamp = repr([(stat.st_mtime_ns, stat.st_size) for stat in stats])
    return hashlib.sha256(stamp.encode()).hexdigest()[:8]


def _from_cache(file: Path) -> Catalogue | None:
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError):
        return None


def _to_cache(file: Path, catalogue: Catalogue) -> None:
    """Write the catalogue whole or not at all; a folder that cannot be written is no failure."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(msgspec.msgpack.encode(catalogue))
        Path(name).replace(file)
        newest = sorted(file.parent.glob("*.msgpack"), key=lambda f: f.stat().st_mtime_ns)
        for old in newest[:-_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return
