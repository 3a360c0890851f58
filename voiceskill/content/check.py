"""Everything that ``voiceskill content check`` looks for, as a list of problems.

``load`` stops at what would break the program; this also finds what would give a visitor a bad
answer: two answers for one question, words nobody can say, wording, sources and review dates.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from voiceskill.content import load, read, wording
from voiceskill.content.catalogue import Catalogue, Constraint, Problem
from voiceskill.content.read import Pack
from voiceskill.content.schema import Evidence, IntentEntry
from voiceskill.errors import VoiceskillError
from voiceskill.text import fold, fold_normalised

OLDEST_REVIEW_MONTHS = 36
IN_DOMAIN = "in_domain.toml"
"""File of the folder of utterances that says which intent should answer what."""

Pronounce = Callable[[Iterable[str]], Mapping[str, object]]
"""Raises a VoiceskillError naming the word, for a word that cannot be said."""

_PROBE = "why am i cramping"
_UNSOURCED = (Evidence.GENERAL, Evidence.NONE)


def check(
    folder: Path,
    *,
    today: dt.date | None = None,
    utterances: Path | None = None,
    pronounce: Pronounce | None = None,
) -> list[Problem]:
    """Return what is wrong with the content of ``folder``, in the order of the files.

    ``today`` is the day reviews are counted to; none means the system's date. With
    ``utterances``, a folder of test sentences, every intent must have one. ``pronounce`` is the
    recogniser's dictionary; without it words are not checked. Raises ContentError only when there
    are no files to check.
    """
    language = read.language_folder(folder)
    data = read.read_bytes(language)
    catalogue, problems = load.assemble(language, data, list)
    pack, _ = read.parse(language, data)
    if catalogue is None or pack is None:
        return problems
    problems += _answers(pack, today or dt.datetime.now(tz=dt.UTC).date())
    problems += _routines(pack, today or dt.datetime.now(tz=dt.UTC).date())
    problems += _fixed_sentences(pack)
    problems += _collisions(pack, catalogue)
    problems += _politeness(pack)
    problems += _unused(pack, data)
    if utterances is not None:
        problems += _untested(pack, utterances)
    if pronounce is not None:
        problems += _unsayable(pack, catalogue, pronounce, read.shown(language, read.RED_FLAGS))
    return problems


def _entries(pack: Pack) -> Iterator[tuple[str, str, IntentEntry]]:
    for name, topic in pack.topics.items():
        source = pack.texts[name]
        for position, entry in enumerate(topic.intent):
            yield source.name, source.place("intent", position, entry.id), entry


def _answers(pack: Pack, today: dt.date) -> Iterator[Problem]:
    for file, place, entry in _entries(pack):
        always = [note.say for note in entry.notes if not note.when]
        faults = list(wording.answer_faults(entry.say, always))
        for sentence in [*entry.say, *entry.more, *(note.say for note in entry.notes)]:
            faults += wording.sentence_faults(sentence)
        if not entry.sources and entry.evidence not in _UNSOURCED:
            faults.append(
                (
                    f"evidence '{entry.evidence}' without a source",
                    "name the source, or write 'general knowledge'",
                )
            )
        faults += _review(entry.reviewed, today)
        yield from (Problem(file, place, *fault) for fault in faults)


def _routines(pack: Pack, today: dt.date) -> Iterator[Problem]:
    source = pack.texts["routines.toml"]
    for position, routine in enumerate(pack.routines.routine):
        place = source.place("routine", position, routine.id)
        faults = list(_review(routine.reviewed, today))
        for sentence in [*routine.do_not_start, *routine.stop_if]:
            faults += wording.sentence_faults(sentence)
        for step in routine.step:
            for sentence in step.say:
                faults += wording.sentence_faults(sentence, wording.MOST_STEP_WORDS)
        if not routine.sources and routine.evidence not in _UNSOURCED:
            faults.append((f"evidence '{routine.evidence}' without a source", "name the source"))
        yield from (Problem(source.name, place, *fault) for fault in faults)


def _review(reviewed: dt.date, today: dt.date) -> Iterator[wording.Fault]:
    months = (today.year - reviewed.year) * 12 + today.month - reviewed.month
    months -= today.day < reviewed.day
    if months >= OLDEST_REVIEW_MONTHS:
        yield (
            f"reviewed on {reviewed}, more than {OLDEST_REVIEW_MONTHS} months ago",
            "check it against its sources and set the new date",
        )
    if reviewed > today:
        yield f"reviewed on {reviewed}, which is still to come", "set the day it was reviewed"


def _fixed_sentences(pack: Pack) -> Iterator[Problem]:
    negatives = pack.texts["negatives.toml"]
    for position, redirect in enumerate(pack.negatives.redirect):
        place = negatives.place("redirect", position, redirect.id)
        for sentence in redirect.say:
            for fault in wording.sentence_faults(sentence):
                yield Problem(negatives.name, place, *fault)
    words = pack.phrases
    fixed = [
        *words.say_again,
        *words.choices,
        *words.off_topic,
        *words.nothing_to_repeat,
        *words.not_reviewed,
        *words.after_relief,
        *words.check_denied,
        *pack.routines.preflight,
    ]
    for sentence in fixed:
        for fault in wording.sentence_faults(sentence):
            yield Problem(pack.texts["phrases.toml"].name, "", *fault)


def _collisions(pack: Pack, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield each pair of intents, or intent and negative, that share a sentence; once a pair."""
    places = {entry.id: (file, place) for file, place, entry in _entries(pack)}
    claims: dict[str, list[tuple[str, tuple[Constraint, ...]]]] = {}
    for phrase in catalogue.phrases:
        claims.setdefault(fold_normalised(phrase.text), []).append(
            (phrase.intent, phrase.constraints)
        )
    seen: set[tuple[str, str]] = set()
    for text, owners in claims.items():
        for number, (intent, demands) in enumerate(owners):
            for other, others in owners[:number]:
                if other == intent or (other, intent) in seen or not _overlap(demands, others):
                    continue
                seen.add((other, intent))
                file, place = places[intent]
                yield Problem(
                    file, place, f"'{text}' is also claimed by {other}", "keep it in one of them"
                )
    for negative in catalogue.negatives:
        for intent, demands in claims.get(fold_normalised(negative.text), ()):
            if ("", intent) not in seen and _overlap(demands, negative.constraints):
                seen.add(("", intent))
                file, place = places[intent]
                yield Problem(
                    file,
                    place,
                    f"'{negative.text}' is also in negatives.toml",
                    "keep it in one of them",
                )


def _overlap(first: Iterable[Constraint], second: Iterable[Constraint]) -> bool:
    others = dict(second)
    return all(not others.get(slot) or values & others[slot] for slot, values in first)


def _politeness(pack: Pack) -> Iterator[Problem]:
    """Yield lead-ins and tails that the matcher would not drop."""
    source = pack.texts["slots.toml"]
    for kind, texts in (("lead_ins", pack.slots.lead_ins), ("tails", pack.slots.tails)):
        for text in texts:
            whole = f"{text} {_PROBE}" if kind == "lead_ins" else f"{_PROBE} {text}"
            if fold(whole) != fold(_PROBE):
                yield Problem(
                    source.name,
                    kind,
                    f"the matcher does not drop '{text}'",
                    "take it out, or have it added to voiceskill/text.py",
                )


def _unused(pack: Pack, data: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield slots and sources that nothing names."""
    texts = {name: content.decode("utf-8") for name, content in data.items()}
    named = "\n".join(text for name, text in texts.items() if name != "slots.toml")
    slots = pack.texts["slots.toml"]
    for position, slot in enumerate(pack.slots.slot):
        if not re.search(rf"[{{:]{re.escape(slot.name)}}}", named):
            place = slots.place("slot", position, slot.name)
            yield Problem(slots.name, place, "no template uses this slot", "remove it or use it")
    cited = "\n".join(text for name, text in texts.items() if name != "sources.toml")
    sources = pack.texts["sources.toml"]
    for name in pack.sources:
        if not re.search(rf"\b{re.escape(name)}\b", cited):
            yield Problem(sources.name, sources.entry(name), "nothing names this source", "cite it")


def _untested(pack: Pack, utterances: Path) -> Iterator[Problem]:
    try:
        file = tomllib.loads((utterances / IN_DOMAIN).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        yield Problem(str(utterances / IN_DOMAIN), "", f"cannot be read: {error}", "restore it")
        return
    tested = {entry.get("id") for entry in file.get("intent", [])}
    for source, place, entry in _entries(pack):
        if entry.id not in tested:
            yield Problem(
                source,
                place,
                "no test sentence asks for it",
                f"add some to {utterances / IN_DOMAIN}",
            )


def _unsayable(
    pack: Pack, catalogue: Catalogue, pronounce: Pronounce, red_flags: str
) -> Iterator[Problem]:
    texts = [
        *(phrase.text for phrase in catalogue.phrases),
        *(negative.text for negative in catalogue.negatives),
        *(form.text for form in catalogue.slot_forms),
        *catalogue.lead_ins,
        *catalogue.tails,
        *catalogue.red_flag_examples,
    ]
    words = {word for text in texts for word in text.split() if "{" not in word}
    try:
        pronounce(sorted(words))
    except VoiceskillError as error:
        named = re.search(r"'([^']+(?:'[^']+)?)'", error.message)
        file, place = (_where(pack, named[1]) if named else None) or (red_flags, "")
        yield Problem(file, place, error.message.rstrip("."), error.hint.rstrip("."))


def _where(pack: Pack, word: str) -> tuple[str, str] | None:
    for source in pack.texts.values():
        match = re.search(rf"(?<![\w']){re.escape(word)}(?![\w'])", source.text)
        if match:
            line = source.text.count("\n", 0, match.start()) + 1
            return source.name, f"line {line}"
    return None
