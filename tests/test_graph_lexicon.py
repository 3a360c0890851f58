import shutil
from importlib.resources import files

import pytest

from voiceskill.errors import GraphError
from voiceskill.graph.lexicon import dictionary, from_ipa, pronunciations
from voiceskill.graph.phones import INDEX

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="the espeak-ng command is not installed"
)


def test_every_variant_without_stress():
    assert pronunciations(["either"])["either"] == (("IY", "DH", "ER"), ("AY", "DH", "ER"))
    assert pronunciations(["cramp"])["cramp"] == (("K", "R", "AE", "M", "P"),)


def test_dictionary_holds_only_known_phones():
    words = dictionary()
    assert len(words) > 120_000
    used = {p for word in list(words)[::50] for variant in words[word] for p in variant}
    assert used <= set(INDEX)


@pytest.mark.parametrize(
    ("word", "ending"),
    [("hamstring's", ("Z",)), ("cramp's", ("S",)), ("massage's", ("IH", "Z"))],
)
def test_possessives_end_as_they_sound(word, ending):
    assert word not in dictionary()
    stem = dictionary()[word[:-2]][0]
    assert pronunciations([word])[word][0] == (*stem, *ending)


def test_plural_possessive_sounds_like_the_plural():
    assert pronunciations(["legs'"])["legs'"] == dictionary()["legs"]


@needs_espeak
def test_unknown_words_are_asked_of_espeak():
    assert "brachioradialis" not in dictionary()
    (spoken,) = pronunciations(["brachioradialis"])["brachioradialis"]
    assert spoken[:3] == ("B", "R", "AE") and spoken[-4:] == ("AA", "L", "IY", "Z")


def test_given_pronunciations_win():
    given = {"calf": ["K AA F", "k ae f"]}
    assert pronunciations(["calf"], given)["calf"] == (("K", "AA", "F"), ("K", "AE", "F"))


@pytest.mark.parametrize("texts", [["K AE QQ"], [""], ["K AE1 F"]])
def test_a_given_pronunciation_must_be_phones(texts):
    with pytest.raises(GraphError, match="'calf'"):
        pronunciations(["calf"], {"calf": texts})


@pytest.mark.parametrize("word", ["12", "<unk>", "#0", "b12", "cramp;rm", "-q", "$(x)", ""])
def test_words_must_be_letters(word):
    with pytest.raises(GraphError, match="cannot be pronounced"):
        pronunciations([word])


def test_without_espeak_the_error_names_the_word_and_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GraphError, match="'brachioradialis'") as caught:
        pronunciations(["brachioradialis"])
    assert "apt install espeak-ng" in caught.value.hint


def test_a_failing_espeak_is_an_error_that_names_the_word(monkeypatch, tmp_path):
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(GraphError, match="'brachioradialis'"):
        pronunciations(["brachioradialis"])


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("tʃˈɑːɹli", "CH AA R L IY"),
        ("m_ˈɪ__ə_s", "M IY AH S"),
        ("fˈaɪɚ", "F AY ER"),
        ("ðɚɹˈæwɜːks", "DH ER AE W ER K S"),
        ("(en)kˈæt(en-us)\n", "K AE T"),
    ],
)
def test_ipa(ipa, phones):
    assert from_ipa("word", ipa) == tuple(phones.split())


@pytest.mark.parametrize("ipa", ["", "  \n", "ɬan"])
def test_ipa_without_english_phones_is_an_error(ipa):
    with pytest.raises(GraphError, match="'llan'"):
        from_ipa("llan", ipa)


def test_the_supplement_adds_to_the_dictionary():
    words = dictionary()
    assert words["calf"] == (("K", "AE", "F"), ("K", "AA", "F"))
    text = files("voiceskill.graph").joinpath("data/supplement.txt").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    assert [word for word, _ in rows] == sorted({word for word, _ in rows})
    for word, variants in rows:
        for variant in variants.split("/"):
            assert set(variant.split()) <= set(INDEX), word
            assert tuple(variant.split()) in words[word]
