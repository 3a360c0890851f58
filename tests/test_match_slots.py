from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_catalogue import catalogue
from voiceskill.content.catalogue import SlotForm
from voiceskill.match_slots import Tagger, slot_values

TAGGER = Tagger(catalogue().slot_forms)


def keys(sentence: str) -> list[str]:
    return [unit.key for unit in TAGGER.tag(sentence.split())]


def test_the_longest_form_wins() -> None:
    units = TAGGER.tag(["my", "left", "lower", "leg"])
    assert slot_values(units) == {"side": "left", "part": "calf"}
    assert keys("my lower leg") == ["my", "{part}"]


def test_plurals_and_word_forms_are_found() -> None:
    assert slot_values(TAGGER.tag(["bananas"])) == {"remedy": "banana"}
    assert slot_values(TAGGER.tag(["feet"])) == {"part": "foot"}


def test_words_become_concepts_but_never_across_a_slot() -> None:
    assert keys("legs seize up") == ["{part}", "cramp"]
    assert keys("how come it cramps") == ["why", "it", "cramp"]
    assert keys("how {part} come") == ["how", "{part}", "come"]


def test_the_first_mention_names_the_slot() -> None:
    assert slot_values(TAGGER.tag(["hand", "or", "foot"])) == {"part": "hand"}


def test_a_form_of_two_values_keeps_both() -> None:
    tagger = Tagger([SlotForm("salts", "remedy", "epsom"), SlotForm("salts", "remedy", "sodium")])
    assert tagger.tag(["salts"])[0].values == (("remedy", "epsom"), ("remedy", "sodium"))


SAMPLE = "my left calf lower leg at night in bed how come {part}"


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAMPLE.split())))
def test_units_cover_the_sentence_without_gaps(words: list[str]) -> None:
    position = 0
    for unit in TAGGER.tag(words):
        assert unit.start == position < unit.end
        position = unit.end
    assert position == len(words)
