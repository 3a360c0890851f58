"""Compiles the terms of ``red_flags.toml``: alternatives of words, stems and word lists.

The spelling is the one ``tokens`` gives an utterance: normalised, contractions written out, but
an auxiliary and its "not" as one word ("cannot", "can not" and "can't" are all ``can't``).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from voiceskill import text

BREAK = "."
"""Token for the end of a sentence in typed text."""

_GROUP = re.compile(r"<([a-z_]+)>")
_OVER = re.compile(r"\{over (\d+) minutes\}")
_SENTENCE_END = re.compile(r"[.!?;:]+(?=\s|$)")
_AUXILIARIES = {
    "can": "can't", "could": "couldn't", "will": "won't", "would": "wouldn't",
    "should": "shouldn't", "do": "don't", "does": "doesn't", "did": "didn't", "is": "isn't",
    "are": "aren't", "was": "wasn't", "were": "weren't", "have": "haven't", "has": "hasn't",
    "had": "hadn't", "must": "mustn't", "need": "needn't", "shall": "won't",
}  # fmt: skip
_LONGEST = 4000
"""Phrases one alternative may stand for; more is a mistake in the word lists."""
_STAR = "qstem"
"""Stands for the star while a piece of a term goes through ``spell``."""

STEM_LETTERS = 3
"""Least letters of a stem, and how many of them index it."""

Words = tuple[str, ...]


class TermError(ValueError):
    """A term of red_flags.toml cannot be understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in order, and the terms they are an alternative of."""

    words: tuple[str, ...]
    """A word that ends in ``*`` stands for every word that begins so."""
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermIndex:
    """All terms of a file by the first word of their phrases; a term's name is its source."""

    exact: Mapping[str, tuple[Phrase, ...]]
    """Whole first word to the phrases that begin with it."""
    stems: Mapping[str, tuple[Phrase, ...]]
    """First ``STEM_LETTERS`` of a stem to the phrases that begin with that stem."""
    over_minutes: tuple[tuple[int, str], ...]
    """Limits, and the terms that match any longer time."""


def tokens(utterance: str) -> tuple[str, ...]:
    """Return the words of an utterance in the spelling of the terms; BREAK between sentences."""
    words: list[str] = []
    for sentence in _SENTENCE_END.split(utterance):
        spelt = spell(sentence)
        if spelt and words:
            words.append(BREAK)
        words.extend(spelt)
    return tuple(words)


def spell(phrase: str) -> list[str]:
    """Return one sentence's words: normalised, contractions written out, negations joined."""
    return _joined(text.normalise(phrase).split())


def _joined(normalised: Iterable[str]) -> list[str]:
    words: list[str] = []
    for word in normalised:
        for part in text.expand(word).split():
            if part == "not" and words and words[-1] in _AUXILIARIES:
                words[-1] = _AUXILIARIES[words[-1]]
            else:
                words.append(part)
    return words


class TermCompiler:
    """Compiles terms that may use some word lists, and collects them for one index."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        self._lists = lists
        self._resolved: dict[str, tuple[Words, ...]] = {}
        self._phrases: dict[Words, list[str]] = {}
        self._over: list[tuple[int, str]] = []
        self._seen: set[str] = set()

    def add(self, source: str) -> str:
        """Add a term; return its name. Raises TermError for one that cannot be understood."""
        if source not in self._seen:
            over = [(int(minutes), source) for minutes in _OVER.findall(source)]
            plain = [part for part in _OVER.sub("", source).split("|") if part.strip()]
            found = dict.fromkeys(phrase for part in plain for phrase in self._expand(part, ()))
            if not found and not over:
                raise TermError(f"'{source}' has no words")
            self._seen.add(source)
            self._over.extend(over)
            for phrase in found:
                self._phrases.setdefault(phrase, []).append(source)
        return source

    def index(self) -> TermIndex:
        """Return the index of every term added."""
        exact: dict[str, list[Phrase]] = {}
        stems: dict[str, list[Phrase]] = {}
        for words, terms in self._phrases.items():
            head = words[0]
            key = head[:STEM_LETTERS] if head.endswith("*") else head
            (stems if head.endswith("*") else exact).setdefault(key, []).append(
                Phrase(words, tuple(terms))
            )
        return TermIndex(
            {word: tuple(group) for word, group in exact.items()},
            {stem: tuple(group) for stem, group in stems.items()},
            tuple(self._over),
        )

    def _expand(self, alternative: str, path: tuple[str, ...]) -> list[Words]:
        pieces: list[tuple[Words, ...]] = []
        for position, piece in enumerate(_GROUP.split(alternative)):
            if position % 2:
                pieces.append(self._list(piece, path))
            elif piece.strip():
                pieces.append((_words_of(piece),))
        size = math.prod(len(choices) for choices in pieces)
        if size > _LONGEST:
            raise TermError(f"'{alternative}' stands for {size} phrases, more than {_LONGEST}")
        return [tuple(itertools.chain.from_iterable(c)) for c in itertools.product(*pieces)]

    def _list(self, name: str, path: tuple[str, ...]) -> tuple[Words, ...]:
        if name in path:
            raise TermError(f"the word list '{name}' contains itself")
        if name not in self._lists:
            raise TermError(f"there is no word list '{name}' under [words]")
        if name not in self._resolved:
            found = (self._expand(entry, (*path, name)) for entry in self._lists[name])
            self._resolved[name] = tuple(dict.fromkeys(itertools.chain.from_iterable(found)))
        return self._resolved[name]


def matches(word: str, wanted: str) -> bool:
    """Return whether a heard word is the wanted word or begins with the wanted ``stem*``."""
    return word.startswith(wanted[:-1]) if wanted.endswith("*") else word == wanted


def _words_of(piece: str) -> Words:
    for word in piece.split():
        stem = word.removesuffix("*")
        if not re.fullmatch(r"[a-z']+", stem):
            raise TermError(f"'{word}' is not a lower-case word, a stem* or a <list>")
        if word.endswith("*") and len(stem) < STEM_LETTERS:
            raise TermError(f"'{word}' is too short a stem; write {STEM_LETTERS} letters or more")
    joined = _joined(piece.replace("*", _STAR).split())
    return tuple(_starred(word) for word in joined)


def _starred(word: str) -> str:
    return f"{word.removesuffix(_STAR)}*" if word.endswith(_STAR) else word
