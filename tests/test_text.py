import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceskill.text import UNKNOWN, fold, normalise, number_words

SAMPLE = (
    "why are my legs cramping can't I'm foot's um please hello tell me you know thanks <unk> "
    "{part} 3 999 1,000 wife's so the thank you"
)
PIECES = st.lists(st.sampled_from(SAMPLE.split()), max_size=14).map(" ".join)
ANY_TEXT = st.one_of(st.text(), PIECES)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Why are my legs cramping?", "why are my legs cramping"),
        ("  Foot’s   locked-up!! ", "foot's locked up"),
        ("vitamin K2", "vitamin k two"),
        ("I'm 82, it's 3 a.m.", "i'm eighty two it's three a m"),
        ("call 999", "call nine nine nine"),
        ("10mg", "ten mg"),
        ("1,500 steps and 1.5 litres", "one thousand five hundred steps and one point five litres"),
        ("70% sure & tired", "seventy percent sure and tired"),
        ("'quoted' legs' end", "quoted legs end"),
        ("my [unk] leg <UNK>", "my <unk> leg <unk>"),
        ("why is my {part} cramping", "why is my {part} cramping"),
        ("crème brûlée", "creme brulee"),
        ("2nd day", "two day"),
        ("step ❶ stretch", "step stretch"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_normalise(written: str, expected: str) -> None:
    assert normalise(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Why can't I stop cramping?", "why can not i stop cramping"),
        ("um, why are my my legs, you know, cramping", "why are my legs cramping"),
        (
            "good morning I was wondering if you could tell me why my legs keep cramping at night "
            "thank you",
            "why my legs keep cramping at night",
        ),
        ("foot's locked up", "foot is locked up"),
        ("my wife's leg", "my wife leg"),
        ("tell me more", "tell me more"),
        ("tell me why it cramps", "why it cramps"),
        ("cramp cramp help", "cramp help"),
        ("why are why are my {part} cramping", "why are my {part} cramping"),
        ("please", "please"),
        ("thank you", "thank you"),
        ("hello", "hello"),
    ],
)
def test_fold(written: str, expected: str) -> None:
    assert fold(written) == expected


def test_number_words_covers_its_range() -> None:
    assert number_words(0) == "zero"
    assert number_words(340) == "three hundred forty"
    assert number_words(999_999) == "nine hundred ninety nine thousand nine hundred ninety nine"
    with pytest.raises(ValueError, match="between"):
        number_words(1_000_000)


@settings(deadline=None)
@given(ANY_TEXT)
def test_normalise_is_total_idempotent_and_clean(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())
    for word in once.split():
        placeholder = word == UNKNOWN or (word[0] == "{" and word[-1] == "}")
        assert placeholder or all(c.isalpha() or c == "'" for c in word)
        assert placeholder or (word[0] != "'" and word[-1] != "'")


@settings(deadline=None)
@given(ANY_TEXT)
def test_fold_is_total_idempotent_and_never_loses_everything(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert bool(once) == bool(normalise(text))


@settings(deadline=None)
@given(PIECES)
def test_fold_invents_nothing_in_the_middle(text: str) -> None:
    assert fold(f"{text} zebra").split().count("zebra") == 1
