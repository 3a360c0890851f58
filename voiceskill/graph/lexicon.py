"""How words are pronounced: the CMU dictionary, our supplement to it, possessives, espeak-ng.

espeak-ng is GPL-3 and so runs as a command in a process of its own, and only for words that the
dictionary does not have.
"""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from voiceskill.errors import GraphError
from voiceskill.graph.phones import INDEX

Pronunciation = tuple[str, ...]

_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*[.']?|'[^\W\d_]+")
_SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOWELS = frozenset(
    {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
)
_VOICELESS = frozenset({"P", "T", "K", "F", "TH"})
_ESPEAK_TIMEOUT_SECONDS = 20.0

# International Phonetic Alphabet as espeak-ng's en-us voice writes it, longest match first.
_IPA: dict[str, str] = {
    "aɪɚ": "AY ER", "aɪə": "AY AH", "ɑːɹ": "AA R", "oːɹ": "AO R", "ɔːɹ": "AO R", "ʊɹ": "UH R",
    "ɪɹ": "IH R", "ɛɹ": "EH R", "ɜːɹ": "ER", "iə": "IY AH", "əl": "AH L", "n̩": "AH N",
    "m̩": "AH M", "l̩": "AH L", "tʃ": "CH", "dʒ": "JH", "eɪ": "EY", "aɪ": "AY", "aʊ": "AW",
    "oʊ": "OW", "ɔɪ": "OY", "iː": "IY", "uː": "UW", "ɑː": "AA", "ɔː": "AO", "ɜː": "ER",
    "oː": "AO", "ɪ": "IH", "i": "IY", "ə": "AH", "ɚ": "ER", "ɝ": "ER", "ɐ": "AH", "ʌ": "AH",
    "æ": "AE", "a": "AE", "ɛ": "EH", "e": "EH", "ᵻ": "IH", "ʊ": "UH", "u": "UW", "ɔ": "AO",
    "o": "OW", "ɑ": "AA", "ɒ": "AA", "ɡ": "G", "g": "G", "ɹ": "R", "r": "R", "ɾ": "T", "ʔ": "T",
    "j": "Y", "ʃ": "SH", "ʒ": "ZH", "θ": "TH", "ð": "DH", "ŋ": "NG", "h": "HH", "x": "K",
    "ç": "HH", "b": "B", "d": "D", "f": "F", "k": "K", "l": "L", "ɫ": "L", "m": "M", "n": "N",
    "p": "P", "s": "S", "t": "T", "v": "V", "w": "W", "z": "Z", "ː": "",
}  # fmt: skip
_IPA_TOKEN = re.compile("|".join(sorted(map(re.escape, _IPA), key=len, reverse=True)))
# Stress, joiners, separators, and the "(en)" that marks a change of voice.
_IPA_IGNORED = re.compile(r"\([\w-]+\)|[ˈˌ_\u200d\u203f\u0361\s-]")


def pronunciations(
    words: Iterable[str], extra: Mapping[str, Iterable[str]] | None = None
) -> dict[str, tuple[Pronunciation, ...]]:
    """Return every known pronunciation of each word, as ARPAbet phones without stress.

    ``words`` are lower case, as ``text.normalise`` leaves them. ``extra`` holds pronunciations
    given by the author of the content, such as ``{"theraworx": ["TH EH R AH W ER K S"]}``; they
    take the place of the dictionary's. Words in neither are looked up as possessives and then
    asked of the ``espeak-ng`` command.

    Raises GraphError naming the word when it holds anything but letters, apostrophes, hyphens
    and full stops, when a given pronunciation has a phone that does not exist, or when neither
    the dictionary nor espeak-ng can say it.
    """
    wanted = sorted(set(words))
    for word in wanted:
        if not _WORD.fullmatch(word):
            raise GraphError(
                f"The word '{word}' cannot be pronounced.",
                "Write it in letters; numbers and symbols as words.",
            )
    given = {word: _parse_given(word, texts) for word, texts in (extra or {}).items()}
    known = dictionary()
    found: dict[str, tuple[Pronunciation, ...]] = {}
    missing: list[str] = []
    for word in wanted:
        variants = given.get(word) or known.get(word) or _possessive(word, known)
        if variants:
            found[word] = variants
        else:
            missing.append(word)
    found.update(_ask_espeak(missing))
    return found


@lru_cache(maxsize=1)
def dictionary() -> Mapping[str, tuple[Pronunciation, ...]]:
    """Return the CMU Pronouncing Dictionary and our supplement to it; read once a process."""
    data = files("voiceskill.graph").joinpath("data")
    packed = data.joinpath("cmudict.txt.gz").read_bytes()
    supplement = data.joinpath("supplement.txt").read_text(encoding="utf-8")
    return _Dictionary(gzip.decompress(packed).decode(), supplement)


class _Dictionary(Mapping[str, tuple[Pronunciation, ...]]):
    """The lines of both files, split into phones only for the words that are asked for."""

    def __init__(self, text: str, supplement: str) -> None:
        self._lines = dict(line.split("\t", 1) for line in text.splitlines())
        for line in supplement.splitlines():
            word, variants = line.split("\t", 1)
            before = self._lines.get(word)
            self._lines[word] = variants if before is None else f"{before}/{variants}"

    def __getitem__(self, word: str) -> tuple[Pronunciation, ...]:
        variants = self._lines[word].split("/")
        return tuple(dict.fromkeys(tuple(variant.split()) for variant in variants))

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _parse_given(word: str, texts: Iterable[str]) -> tuple[Pronunciation, ...]:
    variants = tuple(tuple(text.upper().split()) for text in texts)
    for phone in (phone for variant in variants for phone in variant):
        if phone not in INDEX:
            raise GraphError(
                f"The pronunciation given for '{word}' has '{phone}', which is not a phone.",
                "Use ARPAbet without stress marks, such as 'K AE F'.",
            )
    if not all(variants):
        raise GraphError(f"The pronunciation given for '{word}' is empty.", "Write it or drop it.")
    return variants


def _possessive(
    word: str, known: Mapping[str, tuple[Pronunciation, ...]]
) -> tuple[Pronunciation, ...]:
    """Return "calf's" from "calf"; the ending follows the last sound, as in English spelling."""
    if word.endswith("s'"):
        return known.get(word[:-1], ())
    if not word.endswith("'s"):
        return ()
    return tuple((*stem, *_possessive_ending(stem[-1])) for stem in known.get(word[:-2], ()))


def _possessive_ending(last: str) -> Pronunciation:
    if last in _SIBILANTS:
        return ("IH", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


def _ask_espeak(words: list[str]) -> dict[str, tuple[Pronunciation, ...]]:
    return {word: (from_ipa(word, _espeak_ipa(word)),) for word in words}


def _espeak_ipa(word: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", "--", word]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_ESPEAK_TIMEOUT_SECONDS, check=True
        )
    except FileNotFoundError:
        raise GraphError(
            f"The word '{word}' is not in the dictionary, and the program espeak-ng, which could "
            "say it, is not installed.",
            "Install espeak-ng (on Debian: apt install espeak-ng), or give the word's "
            "pronunciation.",
        ) from None
    except (subprocess.SubprocessError, OSError) as error:
        raise GraphError(
            f"espeak-ng could not say the word '{word}': {error}.",
            "Give the word's pronunciation, or use another word.",
        ) from error
    return done.stdout.decode("utf-8", "replace")


def from_ipa(word: str, ipa: str) -> Pronunciation:
    """Return the ARPAbet phones of espeak-ng's IPA; ``word`` is named when it has none.

    Raises GraphError when a symbol has no English phone.
    """
    text = _IPA_IGNORED.sub("", ipa)
    phones: list[str] = []
    place = 0
    while place < len(text):
        token = _IPA_TOKEN.match(text, place)
        if token is None:
            break
        phones += _IPA[token.group()].split()
        place = token.end()
    if place < len(text) or not phones:
        raise GraphError(
            f"The word '{word}' has a sound that is not English, and cannot be recognised.",
            "Give its pronunciation in ARPAbet, or use another word.",
        )
    return _as_in_the_dictionary(phones)


def _as_in_the_dictionary(phones: list[str]) -> Pronunciation:
    """Return espeak's phones as CMUdict would write them: "camERa" has no R, "mEdia" has IY."""
    out: list[str] = []
    for phone, after in zip(phones, [*phones[1:], ""], strict=True):
        if phone == "R" and out[-1:] == ["ER"]:
            continue
        out.append("IY" if phone == "IH" and after in _VOWELS else phone)
    return tuple(out)
