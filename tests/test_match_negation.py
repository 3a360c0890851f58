import pytest

from tests.small_catalogue import catalogue
from voiceskill.match_negation import negated
from voiceskill.match_slots import Tagger
from voiceskill.text import fold

TAGGER = Tagger(catalogue().slot_forms)


def says_no(sentence: str) -> bool:
    words = fold(sentence).split()
    return negated(words, TAGGER.tag(words))


@pytest.mark.parametrize(
    "sentence",
    [
        "my leg is not cramping",
        "my legs aren't cramping",
        "I don't have cramp",
        "I never get cramps",
        "no cramps today",
        "there is no cramp in my leg",
        "my foot isn't in spasm any more",
        "I have not got a charley horse",
        "I don't need help with cramp",
        "I don't want a stretch",
    ],
)
def test_denials(sentence: str) -> None:
    assert says_no(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "why can't I stop cramping",
        "not drinking enough is that it",
        "my calf won't stop cramping",
        "I can't sleep because of cramp",
        "I don't know why my legs cramp",
        "I'm not sure what to do about this cramp",
        "isn't it a cramp",
        "I don't want cramp again tonight",
        "it won't let go it's cramping",
        "my calf is cramping and I can't stand",
        "do I get cramp because I don't drink",
        "",
    ],
)
def test_questions_and_denied_relief_are_no_denials(sentence: str) -> None:
    assert not says_no(sentence)
