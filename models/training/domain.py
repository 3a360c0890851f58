"""Made-up sentences about muscle cramps, for the corpus: a small template grammar.

The sentences cover what people ask, the words of red flags, and the short commands of a guided
routine. They need not be sensible; they need to contain the words, in orders people use.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

SOURCE = Path(__file__).with_name("domain.txt")


def _read() -> tuple[dict[str, str], list[str]]:
    """Return the lists and the templates of ``domain.txt``."""
    lines = [x for x in SOURCE.read_text(encoding="utf-8").splitlines() if x[:1] != "#"]
    pairs = [line.split(" = ", 1) for line in lines if " = " in line]
    return {name: items for name, items in pairs}, [x for x in lines if x and " = " not in x]


LISTS, TEMPLATES = _read()
_GROUP = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_LIST = re.compile(r"\{(\w+)\}")
OPTIONAL_SHARE = 0.5


def expand(template: str, rng: random.Random) -> str:
    """Return one random sentence of a template.

    ``(a|b)`` is a choice, ``[a|b]`` a choice that may be left out, ``{name}`` an item of a list.
    """

    def choose(match: re.Match[str]) -> str:
        required: str | None = match[1]
        optional: str = match[2]
        if required is not None:
            return rng.choice(required.split("|"))
        return rng.choice(optional.split("|")) if rng.random() < OPTIONAL_SHARE else ""

    while _GROUP.search(template):
        template = _GROUP.sub(choose, template)
    while _LIST.search(template):
        template = _LIST.sub(lambda m: rng.choice(LISTS[m[1]].split("|")), template)
    return " ".join(template.replace(" 's", "'s").split())


def domain_sentences(count: int, seed: int) -> list[str]:
    """Return ``count`` different sentences, drawn in a reproducible order.

    Every item of every list occurs at least once if ``count`` allows it.
    """
    rng = random.Random(seed)
    seen: dict[str, None] = dict.fromkeys(LISTS["flag"].split("|") + LISTS["cmd"].split("|"))
    for name, items in LISTS.items():
        homes = [t for t in TEMPLATES if "{" + name + "}" in t]
        for item in items.split("|"):
            seen[expand(rng.choice(homes).replace("{" + name + "}", item, 1), rng)] = None
    while len(seen) < count:
        seen[expand(rng.choice(TEMPLATES), rng)] = None
    sentences = list(seen)
    rng.shuffle(sentences)
    return sentences[:count]
