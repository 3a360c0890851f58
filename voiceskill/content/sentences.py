"""Sentences for the recogniser's language model, sampled from the content.

Every intent gets the same number, however many templates it has, because how often something is
asked is not known from how many ways there are to ask it.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from voiceskill.content.catalogue import Catalogue, Constraint, Phrase

_T = TypeVar("_T")

RED_FLAG_SHARE = 0.15
NEGATIVE_SHARE = 0.12
"""Least share of all sentences: what must be heard as itself, and not as the nearest question
about cramp. Each is there at least once."""

LEAD_IN_CHANCE = 0.2
TAIL_CHANCE = 0.1
CONTRACTION_CHANCE = 0.6
STEERING_TOPIC = "meta."
"""Intents that begin so are said bare: nobody asks "could you tell me stop"."""

_SLOT = re.compile(r"\{([a-z_]+)\}")
_CONTRACTIONS = [
    (re.compile(rf"\b{full}(?= \w)"), short)
    for full, short in (
        ("i am", "i'm"),
        ("i have got", "i've got"),
        ("it is", "it's"),
        ("it has", "it's"),
        ("what is", "what's"),
        ("that is", "that's"),
        ("there is", "there's"),
        ("who is", "who's"),
        ("you are", "you're"),
        ("they are", "they're"),
        ("do not", "don't"),
        ("does not", "doesn't"),
        ("did not", "didn't"),
        ("is not", "isn't"),
        ("will not", "won't"),
        ("cannot", "can't"),
        ("can not", "can't"),
        ("could not", "couldn't"),
        ("i will", "i'll"),
        ("let us", "let's"),
    )
]
_SINGULAR = {"are": "is", "have": "has", "do": "does", "keep": "keeps", "hurt": "hurts",
             "ache": "aches", "feel": "feels"}  # fmt: skip
_PLURAL = {one: many for many, one in _SINGULAR.items()}
_NOT_PLURAL = ("biceps", "triceps")


def sample(catalogue: Catalogue, seed: int = 0, limit: int = 30_000) -> list[str]:
    """Return at most ``limit`` normalised sentences; the same for the same content and seed.

    Every template and every spoken form of a slot is in at least one. Raises ValueError when
    ``limit`` is too small for that.
    """
    chance = random.Random(seed)
    fill = Filler(catalogue, chance)
    flags = catalogue.red_flag_examples
    negatives = [(n.text, n.constraints) for n in catalogue.negatives]
    flag_count = max(len(flags), int(limit * RED_FLAG_SHARE)) if flags else 0
    negative_count = max(len(negatives), int(limit * NEGATIVE_SHARE)) if negatives else 0
    sentences = list(itertools.islice(_around(flags, chance), flag_count))
    sentences += [
        fill.sentence(text, demands)
        for text, demands in itertools.islice(_around(negatives, chance), negative_count)
    ]
    rest = max(0, limit - len(sentences) - len(catalogue.slot_forms))
    for phrase in _balanced(catalogue.phrases, rest, chance):
        spoken = fill.sentence(phrase.text, phrase.constraints)
        if not phrase.intent.startswith(STEERING_TOPIC):
            spoken = _politely(spoken, catalogue, chance)
        sentences.append(spoken)
    sentences += fill.unused(catalogue.phrases)
    chance.shuffle(sentences)
    return sentences


def _around(items: Sequence[_T], chance: random.Random) -> Iterator[_T]:
    """Yield the items in a shuffled order again and again."""
    order = list(items)
    while order:
        chance.shuffle(order)
        yield from order


def _balanced(phrases: Iterable[Phrase], budget: int, chance: random.Random) -> Iterator[Phrase]:
    """Yield ``budget`` phrases: each once while that fits, then evenly over the intents."""
    intents: dict[str, dict[int, list[Phrase]]] = {}
    for phrase in phrases:
        intents.setdefault(phrase.intent, {}).setdefault(phrase.template, []).append(phrase)
    queues = {intent: list(_turns(templates, chance)) for intent, templates in intents.items()}
    least = {intent: len(templates) for intent, templates in intents.items()}
    if budget < sum(least.values()):
        raise ValueError(f"{budget} sentences are too few for {sum(least.values())} templates")
    counts = _level({intent: len(queue) for intent, queue in queues.items()}, least, budget)
    for intent, queue in queues.items():
        yield from itertools.islice(itertools.cycle(queue), counts[intent])


def _turns(templates: Mapping[int, list[Phrase]], chance: random.Random) -> Iterator[Phrase]:
    """Yield one phrase of each template, then the next of each, until none is left."""
    for phrases in templates.values():
        chance.shuffle(phrases)
    for turn in itertools.zip_longest(*templates.values()):
        yield from (phrase for phrase in turn if phrase is not None)


def _level(wanted: Mapping[str, int], least: Mapping[str, int], budget: int) -> dict[str, int]:
    """Return counts that add up to about ``budget``: all wanted if it fits, small ones raised."""
    total = sum(wanted.values())
    if total > budget:
        spare = (budget - sum(least.values())) / max(1, total - sum(least.values()))
        return {name: least[name] + int((wanted[name] - least[name]) * spare) for name in wanted}
    low, high = 0, budget
    while low < high:
        middle = (low + high + 1) // 2
        if sum(max(middle, count) for count in wanted.values()) <= budget:
            low = middle
        else:
            high = middle - 1
    return {name: max(low, count) for name, count in wanted.items()}


def _politely(sentence: str, catalogue: Catalogue, chance: random.Random) -> str:
    if catalogue.lead_ins and chance.random() < LEAD_IN_CHANCE:
        sentence = f"{chance.choice(catalogue.lead_ins)} {sentence}"
    if catalogue.tails and chance.random() < TAIL_CHANCE:
        sentence = f"{sentence} {chance.choice(catalogue.tails)}"
    return sentence


class Filler:
    """Puts spoken forms into the slots of phrases, each form in turn."""

    def __init__(self, catalogue: Catalogue, chance: random.Random) -> None:
        self._chance = chance
        self._forms: dict[str, list[tuple[str, str]]] = {}
        for form in catalogue.slot_forms:
            self._forms.setdefault(form.slot, []).append((form.value, form.text))
        self._queues: dict[Constraint, Iterator[str]] = {}
        self._used: set[tuple[str, str]] = set()

    def sentence(
        self,
        phrase: str,
        constraints: Sequence[Constraint],
        given: Mapping[str, str] | None = None,
    ) -> str:
        """Return ``phrase`` with a form in every slot, made to agree, sometimes contracted.

        ``given`` names the forms for some slots.
        """
        demands = dict(constraints)
        while match := _SLOT.search(phrase):
            slot = match[1]
            form = (given or {}).get(slot) or self._next(slot, demands.get(slot))
            self._used.add((slot, form))
            phrase = _fitted(phrase[: match.start()].split(), form, phrase[match.end() :].split())
        if self._chance.random() < CONTRACTION_CHANCE:
            for pattern, short in _CONTRACTIONS:
                phrase = pattern.sub(short, phrase)
        return phrase

    def unused(self, phrases: Iterable[Phrase]) -> list[str]:
        """Return one sentence for every form that none has used; the bare form if none can."""
        takers: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            for slot in _SLOT.findall(phrase.text):
                takers.setdefault(slot, []).append(phrase)
        sentences = []
        for slot, forms in self._forms.items():
            for value, form in forms:
                if (slot, form) in self._used:
                    continue
                taker = next((p for p in takers.get(slot, ()) if _takes(p, slot, value)), None)
                if taker is None:
                    sentences.append(form)
                else:
                    sentences.append(self.sentence(taker.text, taker.constraints, {slot: form}))
        return sentences

    def _next(self, slot: str, allowed: frozenset[str] | None) -> str:
        key = (slot, allowed or frozenset())
        if key not in self._queues:
            forms = [text for value, text in self._forms[slot] if not allowed or value in allowed]
            self._queues[key] = _around(forms, self._chance)
        return next(self._queues[key])


def _takes(phrase: Phrase, slot: str, value: str) -> bool:
    allowed = dict(phrase.constraints).get(slot)
    return allowed is None or value in allowed


def _fitted(before: list[str], form: str, after: list[str]) -> str:
    """Join a form to its neighbours: "the front of my thigh", "my calves are"."""
    if " of " in form:
        if before[-1:] and before[-1] in ("left", "right", "{side}"):
            before.pop()
        if before[-1:] and before[-1] in ("my", "a", "this"):
            before[-1] = "the"
    plural = form.endswith(("s", "feet")) and not form.endswith(_NOT_PLURAL)
    number = _PLURAL if plural else _SINGULAR
    possessed = "my" in before[-2:] or before[-1:] == ["the"]
    if possessed:
        if after and after[0] in number and after[0] != "do":
            after[0] = number[after[0]]
        verb = len(before) - (3 if before[-1] in ("left", "right", "{side}") else 2)
        if verb >= 0 and before[verb] in ("is", "are", "does", "do") and before[verb] in number:
            before[verb] = number[before[verb]]
    return " ".join([*before, form, *after])
