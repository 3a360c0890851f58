"""What one content file says about another: every id that is named must exist, once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from voiceskill.content.catalogue import Problem
from voiceskill.content.read import Pack, Source
from voiceskill.content.schema import IntentEntry

_INTENT_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_SLOT_NAME = re.compile(r"[a-z_]+")
_ANCHOR_SLOT = re.compile(r"\{([a-z_]+)\}")


def problems(pack: Pack) -> Iterator[Problem]:
    """Yield everything that is named but not there, or there twice."""
    yield from _slots(pack)
    yield from _routines(pack)
    yield from _redirects(pack)
    yield from _intents(pack)


def _slots(pack: Pack) -> Iterator[Problem]:
    source = pack.texts["slots.toml"]
    seen: set[str] = set()
    for position, slot in enumerate(pack.slots.slot):
        place = source.place("slot", position, slot.name)
        if not _SLOT_NAME.fullmatch(slot.name):
            yield Problem(
                source.name,
                place,
                f"'{slot.name}' cannot be a slot's name",
                "use small letters and underscores",
            )
        if slot.name in seen:
            yield _twice(source, place, slot.name)
        seen.add(slot.name)
        values: set[str] = set()
        for value in slot.value:
            if value.id in values:
                yield _twice(source, place, value.id)
            values.add(value.id)
            if not value.say:
                yield Problem(
                    source.name, place, f"'{value.id}' has no spoken form", "add one to its 'say'"
                )


def _routines(pack: Pack) -> Iterator[Problem]:
    source = pack.texts["routines.toml"]
    seen: set[str] = set()
    for position, routine in enumerate(pack.routines.routine):
        place = source.place("routine", position, routine.id)
        if routine.id in seen:
            yield _twice(source, place, routine.id)
        seen.add(routine.id)
        for name in routine.sources:
            yield from _known(source, place, "source", name, pack.sources)


def _redirects(pack: Pack) -> Iterator[Problem]:
    source = pack.texts["negatives.toml"]
    ids = [redirect.id for redirect in pack.negatives.redirect]
    for position, name in enumerate(ids):
        if name in ids[:position]:
            yield _twice(source, source.place("redirect", position, name), name)
    for position, negative in enumerate(pack.negatives.negative):
        if negative.redirect is not None:
            place = source.place("negative", position)
            yield from _known(source, place, "redirect", negative.redirect, ids)


def _intents(pack: Pack) -> Iterator[Problem]:
    values = {slot.name: {value.id for value in slot.value} for slot in pack.slots.slot}
    routines = {routine.id for routine in pack.routines.routine}
    ids = [entry.id for topic in pack.topics.values() for entry in topic.intent]
    seen: set[str] = set()
    for name, topic in pack.topics.items():
        source = pack.texts[name]
        for anchor in topic.anchors:
            yield from _anchor(source, "at the top", anchor, values)
        for position, entry in enumerate(topic.intent):
            place = source.place("intent", position, entry.id)
            if not _INTENT_ID.fullmatch(entry.id):
                yield Problem(
                    source.name,
                    place,
                    f"'{entry.id}' cannot be an intent's id",
                    "write a topic, a dot and a name in small letters, such as why.night",
                )
            if entry.id in seen:
                yield _twice(source, place, entry.id)
            seen.add(entry.id)
            for field in ("templates", "say"):
                if not getattr(entry, field):
                    yield Problem(
                        source.name, place, f"'{field}' is empty", "put at least one sentence in it"
                    )
            for source_id in entry.sources:
                yield from _known(source, place, "source", source_id, pack.sources)
            if entry.routine is not None:
                yield from _known(source, place, "routine", entry.routine, routines)
            for other in [*entry.follow_on, *(rule.answer_as for rule in entry.specialise)]:
                yield from _known(source, place, "intent", other, ids)
            for anchor in entry.anchors:
                yield from _anchor(source, place, anchor, values)
            yield from _conditions(source, place, entry, values)


def _conditions(
    source: Source, place: str, entry: IntentEntry, values: dict[str, set[str]]
) -> Iterator[Problem]:
    for condition in [
        *(note.when for note in entry.notes),
        *(rule.when for rule in entry.specialise),
    ]:
        for slot, value in condition.items():
            if slot not in values:
                yield from _known(source, place, "slot", slot, values)
            else:
                yield from _known(source, place, f"value of {{{slot}}}", value, values[slot])
    if any(not rule.when for rule in entry.specialise):
        yield Problem(
            source.name,
            place,
            "a 'specialise' rule has no 'when'",
            'say for which slot value it holds, such as when = { time = "night" }',
        )


def _anchor(
    source: Source, place: str, anchor: str, values: dict[str, set[str]]
) -> Iterator[Problem]:
    for slot in _ANCHOR_SLOT.findall(anchor):
        yield from _known(source, place, "slot", slot, values)


def _known(
    source: Source, place: str, kind: str, name: str, known: Collection[str]
) -> Iterator[Problem]:
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(sorted(known))}"
        yield Problem(source.name, place, f"unknown {kind} '{name}'", hint)


def _twice(source: Source, place: str, name: str) -> Problem:
    return Problem(source.name, place, f"'{name}' is there twice", "rename or remove one of them")
