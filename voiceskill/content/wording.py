"""Rules for what is spoken: length, sentences that stand alone, words that promise too much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST_SPOKEN_WORDS = 60
MOST_FIRST_WORDS = 20
MOST_SENTENCE_WORDS = 25
MOST_STEP_WORDS = 15

_BANNED = re.compile(r"\b(?:diagnos\w*|cur(?:e|es|ed|ing)|guarantee\w*)\b", re.IGNORECASE)
_ALLOWED = frozenset(
    {
        "I can't examine you, diagnose, or phone for help.",
        "I can't phone anyone, see you, or diagnose.",
        "I can't diagnose.",
    }
)
"""Sentences that use a banned word to say what the assistant cannot do."""
_LEANING = re.compile(
    r"(?:it|its|it's|they|that|that's|this|these|those|but|also|so|then|and|or)\b", re.IGNORECASE
)
"""A first sentence must not lean on one before it."""
_UNSPEAKABLE = re.compile(r"[()\[\]{}<>/&%*_#=+@~|\\]|\d|\b(?:e\.g|i\.e|etc|vs)\b", re.IGNORECASE)
_TWO_SENTENCES = re.compile(r"[.!?]\s+\S")
_TALLY = re.compile(r"[\w'’-]+")

Fault = tuple[str, str]
"""What is wrong, and what to do about it."""


def word_count(sentences: Sequence[str]) -> int:
    """Return how many words are spoken."""
    return sum(len(_TALLY.findall(sentence)) for sentence in sentences)


def answer_faults(say: Sequence[str], always: Sequence[str] = ()) -> Iterator[Fault]:
    """Yield what is wrong with an answer; ``always`` are notes said with it every time."""
    words = word_count([*say, *always])
    if words > MOST_SPOKEN_WORDS:
        yield (
            f"{words} spoken words, more than {MOST_SPOKEN_WORDS}",
            "move some sentences to 'more'",
        )
    first = say[0]
    if word_count([first]) > MOST_FIRST_WORDS:
        yield (
            f"the first sentence has {word_count([first])} words, more than {MOST_FIRST_WORDS}",
            "put the most useful thing in one short sentence first",
        )
    if _LEANING.match(first):
        yield (
            f"the first sentence cannot be said alone: '{first}'",
            "begin with what it is about, not with a word that points back",
        )


def sentence_faults(sentence: str, most_words: int = MOST_SENTENCE_WORDS) -> Iterator[Fault]:
    """Yield what is wrong with one spoken sentence."""
    if not sentence.endswith((".", "?", "!")) or not sentence[:1].isupper():
        yield f"'{sentence}' is not a sentence", "begin it with a capital and end it with a stop"
    if _TWO_SENTENCES.search(sentence):
        yield f"'{sentence}' is more than one sentence", "put each sentence in quotes of its own"
    if word_count([sentence]) > most_words:
        yield f"'{sentence}' has more than {most_words} words", "make two sentences of it"
    found = _UNSPEAKABLE.search(sentence)
    if found:
        yield (
            f"'{sentence}' has '{found[0]}' in it, which is not spoken well",
            "write it out in words, without brackets or short forms",
        )
    banned = _BANNED.search(sentence)
    if banned and sentence not in _ALLOWED:
        yield (
            f"'{sentence}' says '{banned[0]}'",
            "say it without diagnose, cure or guarantee",
        )
