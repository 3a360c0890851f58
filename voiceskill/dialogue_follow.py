"""Finds the intent that a follow-up means: "and at night?", "what about my feet?", "why?"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voiceskill.content.catalogue import Catalogue

Slots = Mapping[str, str]

_USUAL_TOPICS = ("why", "cause", "myth", "prevent")
"""Where a thing that was merely named is looked for, once the topic in hand has no answer."""

_NEEDS_TOPIC = frozenset({"part"})
"""A body part alone may want relief or a reason: without a topic the assistant asks which."""


def about(topic: str | None, slots: Slots, catalogue: Catalogue) -> str | None:
    """Return the intent that ``slots`` ask for while talking about ``topic``; None when unclear."""
    subjects = [topic.partition(".")[0]] if topic else []
    named = set(slots) - _NEEDS_TOPIC
    usual = [s for s in _USUAL_TOPICS if s not in subjects] if topic or named else []
    for subject in (*subjects, *usual):
        found = _in_subject(subject, topic, slots, catalogue)
        if found is not None:
            return found
    return None


def reason(topic: str | None, slots: Slots, catalogue: Catalogue) -> str | None:
    """Return the intent that says why, for what was asked last; None without one."""
    for slot in ("part", "time", "condition", "trigger"):
        if slot in slots:
            found = _in_subject("why", None, {slot: slots[slot]}, catalogue)
            if found is not None and found != topic:
                return found
    entry = catalogue.intents.get(topic or "")
    offers = (*(entry.follow_on if entry else ()), "why.general")
    return next((i for i in offers if i.startswith("why.") and i in catalogue.intents), None)


def specialised(intent: str, slots: Slots, catalogue: Catalogue) -> str:
    """Return the intent that answers ``intent`` when ``slots`` are known."""
    for rule in catalogue.intents[intent].specialise:
        if rule.when.items() <= slots.items():
            return rule.answer_as
    return intent


def _in_subject(subject: str, topic: str | None, slots: Slots, catalogue: Catalogue) -> str | None:
    """Return the intent of ``subject`` that fits ``slots`` most narrowly."""
    siblings = [i for i in catalogue.intents if i.partition(".")[0] == subject]
    if topic in siblings:
        siblings = [topic, *(i for i in siblings if i != topic)]
    for intent in siblings:
        answer = specialised(intent, slots, catalogue)
        if answer != intent:
            return answer
    return _narrowest(set(siblings), slots, catalogue)


def _narrowest(intents: Iterable[str], slots: Slots, catalogue: Catalogue) -> str | None:
    """Return the intent whose phrases demand one of ``slots``, with the fewest other values."""
    wanted = frozenset(intents)
    best: tuple[int, str] | None = None
    for phrase in catalogue.phrases:
        if phrase.intent not in wanted:
            continue
        for slot, values in phrase.constraints:
            fits = slots.get(slot) in values
            if fits and (best is None or len(values) < best[0]):
                best = (len(values), phrase.intent)
    return best[1] if best else None
