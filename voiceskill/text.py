"""Words as the matcher and the recogniser's language model both see them.

``normalise`` turns anything a person typed or a template says into the recogniser's own spelling:
lower-case words and single spaces. ``fold`` goes further, for matching only: it drops what carries
no meaning, so that "um, please could you tell me why I'm cramping" and "why am I cramping" are the
same string. Both are pure, total (any string goes in, none raises) and idempotent. ``<unk>`` and
placeholders such as ``{part}`` pass through untouched.
"""

from __future__ import annotations

import re
import unicodedata

UNKNOWN = "<unk>"
"""The recogniser's word for speech outside its vocabulary."""

_UNKNOWN_FORMS = re.compile(r"[\[<]\s*unk\s*[\]>]", re.IGNORECASE)
_TOKEN = re.compile(
    r"<unk>|\{[a-z_]+\}"
    r"|\d{1,3}(?:,\d{3})+(?!\d)|\d+\.\d+|\d+"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|[%&+]"
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_SYMBOLS = {"%": "percent", "&": "and", "+": "plus"}
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ`´′"), "'")
_HALF = {ord("½"): " half ", ord("¼"): " quarter "}


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ONES = _list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _list("- - twenty thirty forty fifty sixty seventy eighty ninety")
_SPOKEN_SINGLY = frozenset({"999", "911", "111", "112", "988"})
"""Telephone numbers; everything else of up to six digits is read as a quantity."""


def number_words(number: int) -> str:
    """Return ``number`` in English words, without "and"; 0 to 999,999, otherwise ValueError."""
    if not 0 <= number <= 999_999:
        raise ValueError(f"{number} is not between 0 and 999,999")
    if number < 20:
        return _ONES[number]
    if number < 100:
        rest = number % 10
        return _TENS[number // 10] + (f" {_ONES[rest]}" if rest else "")
    unit, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    rest = number % unit
    head = f"{number_words(number // unit)} {name}"
    return f"{head} {number_words(rest)}" if rest else head


def _spoken_number(digits: str) -> str:
    whole, _, fraction = digits.replace(",", "").partition(".")
    singly = len(whole) > 6 or whole in _SPOKEN_SINGLY or (len(whole) > 1 and int(whole[0]) == 0)
    words = " ".join(_ONES[int(d)] for d in whole) if singly else number_words(int(whole))
    if fraction:
        words += " point " + " ".join(_ONES[int(d)] for d in fraction)
    return words


def _spoken(token: str) -> str:
    if token[0].isdecimal():
        return _spoken_number(token)
    return _SYMBOLS.get(token, token)


def _plain(text: str) -> str:
    """Lower case without accents, with one kind of apostrophe."""
    text = text.translate(_APOSTROPHES).translate(_HALF)
    for _ in range(2):  # lower-casing can itself produce a combining mark, such as for U+0130
        text = unicodedata.normalize("NFKD", text).lower()
        text = "".join(c for c in text if not unicodedata.combining(c))
    # Circled and other ornamental digits are neither letters nor numbers that can be read.
    text = "".join(" " if c.isalnum() and not (c.isalpha() or c.isdecimal()) else c for c in text)
    return text.translate(_APOSTROPHES)


def normalise(text: str) -> str:
    """Return ``text`` as the recogniser spells it.

    Lower case; digits as words ("3" is "three", "999" is "nine nine nine"); punctuation gone
    except an apostrophe inside a word; accents dropped; single spaces.
    """
    plain = _UNKNOWN_FORMS.sub(f" {UNKNOWN} ", _plain(text))
    plain = _ORDINAL.sub("", plain)
    return " ".join(_spoken(token) for token in _TOKEN.findall(plain))


_CONTRACTIONS = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "let us",
    "y'all": "you all",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "gimme": "give me",
    "lemme": "let me",
    "dunno": "do not know",
    "whats": "what is",
    "thats": "that is",
    "hows": "how is",
    "whys": "why is",
    "im": "i am",
    "ive": "i have",
    "dont": "do not",
    "doesnt": "does not",
    "isnt": "is not",
    "arent": "are not",
    "cant": "can not",
    "wont": "will not",
    "didnt": "did not",
    "havent": "have not",
    "hasnt": "has not",
    "o'clock": "o'clock",
    "aargh": "ow",
    "argh": "ow",
    "arrgh": "ow",
    "ouch": "ow",
    "owww": "ow",
    "oww": "ow",
    "ooow": "ow",
}
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ve", " have"), ("'ll", " will"), ("'m", " am"),
            ("'d", " would"))  # fmt: skip
_OWNERS = frozenset(
    _list(
        "wife husband mum mom mother dad father son daughter sister brother partner friend mate "
        "gran nan grandad neighbour neighbor doctor physio nurse pharmacist dog cat baby child "
        "today tonight yesterday last parkinson parkinsons alzheimer raynaud crohn people person "
        "everyone someone somebody night day"
    )
)
"""Words after which 's is a possessive and not "is"."""

_FILLERS = frozenset(
    _list(
        "um uh er erm hmm hm mm mhm ah oh ooh eh please just actually basically really quite "
        "literally honestly kindly alright"
    )
)
_FILLER_PHRASES = ("you know", "i mean", "sort of", "kind of", "a bit of a", "a bit",
                   "a little bit", "as well", "by any chance")  # fmt: skip
_OPENINGS = (
    "good morning", "good afternoon", "good evening", "good day", "hello", "hello there", "hi",
    "hi there", "hey", "hey there", "excuse me", "sorry", "sorry to bother you", "pardon me",
    "okay", "ok", "okay so", "right then", "right so", "well", "so", "and so", "yes", "yeah",
    "anyway", "listen", "look", "now then", "quick question", "one more thing", "oh dear",
    "i was wondering if you could tell me", "i was wondering if you can tell me",
    "i was wondering if you could help me with", "i was wondering if you might know",
    "i was wondering", "i wonder", "i am wondering", "i wanted to ask you", "i wanted to ask",
    "i want to ask you", "i want to ask", "i would like to ask you", "i would like to ask",
    "i would like to know", "i want to know", "i need to know", "i have got a question",
    "i have a question", "can i ask you", "can i ask", "could i ask you", "could i ask",
    "may i ask", "might i ask", "do you happen to know", "do you know", "would you know",
    "could you possibly tell me", "could you tell me", "can you tell me", "would you tell me",
    "will you tell me", "could you explain to me", "could you explain", "can you explain to me",
    "can you explain", "please explain", "tell me", "any idea", "any ideas", "is it ok to ask",
    "my question is", "the question is", "the thing is", "what i want to know is",
    "what i would like to know is", "would you mind telling me", "can somebody tell me",
    "can someone tell me", "does anybody know", "does anyone know", "could somebody tell me",
)  # fmt: skip
_CLOSINGS = (
    "thank you", "thank you very much", "thank you so much", "thanks", "thanks a lot",
    "many thanks", "cheers", "ta", "mate", "darling", "sir", "madam", "if you can",
    "if you could", "if possible", "if that is ok", "if that is okay", "if you do not mind",
    "do you know", "do you think", "would you say", "i wonder", "or what", "or something", "then",
    "at all", "too", "though", "i was wondering", "can you help", "could you help", "any idea",
    "any ideas",
)  # fmt: skip
_QUESTION_WORDS = frozenset(_list("why what how when where which who whether if is are do does"))
_NEEDS_QUESTION = frozenset({"tell me", "please explain", "do you know", "listen", "look"})
"""Openings dropped only before a question word: "tell me why", but not "tell me more"."""

_WORDS = tuple[str, ...]


def _by_edge(phrases: tuple[str, ...], edge: int) -> dict[str, tuple[_WORDS, ...]]:
    """Group phrases by their first (0) or last (-1) word, longest first."""
    groups: dict[str, list[_WORDS]] = {}
    for phrase in sorted(phrases, key=lambda p: -len(p.split())):
        words = tuple(phrase.split())
        groups.setdefault(words[edge], []).append(words)
    return {word: tuple(group) for word, group in groups.items()}


_OPENING_WORDS = _by_edge(_OPENINGS, 0)
_CLOSING_WORDS = _by_edge(_CLOSINGS, -1)
_FILLER_WORDS = _by_edge((*_FILLERS, *_FILLER_PHRASES), 0)


def expand(word: str) -> str:
    """Return a normalised word with its contraction written out: "can't" is "can not"."""
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word]
    if "'" not in word:
        return word
    for ending, full in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)] + full
    if word.endswith("'s"):
        stem = word[:-2]
        return stem if stem in _OWNERS else f"{stem} is"
    return word


def _without_fillers(words: _WORDS) -> _WORDS:
    kept: list[str] = []
    position = 0
    while position < len(words):
        for filler in _FILLER_WORDS.get(words[position], ()):
            if words[position : position + len(filler)] == filler:
                position += len(filler)
                break
        else:
            kept.append(words[position])
            position += 1
    return tuple(kept)


def _without_repeats(words: _WORDS) -> _WORDS:
    """Collapse "my my leg" and "why are why are": a restart, not emphasis worth matching."""
    kept: list[str] = []
    for word in words:
        kept.append(word)
        for size in (1, 2, 3):
            if len(kept) >= 2 * size and kept[-size:] == kept[-2 * size : -size]:
                del kept[-size:]
                break
    return tuple(kept)


def _without_politeness(words: _WORDS) -> _WORDS:
    for opening in _OPENING_WORDS.get(words[0], ()):
        size = len(opening)
        if words[:size] != opening or len(words) == size:
            continue
        if " ".join(opening) in _NEEDS_QUESTION and words[size] not in _QUESTION_WORDS:
            continue
        return words[size:]
    for closing in _CLOSING_WORDS.get(words[-1], ()):
        size = len(closing)
        if words[-size:] == closing and len(words) > size:
            return words[:-size]
    return words


def fold(text: str) -> str:
    """Return ``text`` reduced to what it asks, for matching.

    Contractions are expanded, fillers and repeats dropped, greetings and politeness at either end
    stripped. Never empty for text that has a word in it.
    """
    return fold_normalised(normalise(text))


def fold_normalised(text: str) -> str:
    """Return ``fold`` of a text that ``normalise`` has already been through."""
    words = tuple(" ".join(expand(word) for word in text.split()).split())
    while words:
        shorter = _without_politeness(_without_repeats(_without_fillers(words) or words[:1]))
        if shorter == words:
            break
        words = shorter
    return " ".join(words)
