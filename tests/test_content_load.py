from __future__ import annotations

from pathlib import Path

import pytest

from tests import content_pack
from voiceskill.content.load import load
from voiceskill.errors import ContentError


def error(tmp_path: Path, **broken: tuple[str, str]) -> str:
    folder = content_pack.write(tmp_path, **broken)
    with pytest.raises(ContentError) as caught:
        load(folder, cache=tmp_path / "cache")
    assert caught.value.hint, "an error must say what to do"
    return str(caught.value)


def test_a_small_pack_loads(tmp_path: Path) -> None:
    catalogue = load(content_pack.write(tmp_path), cache=tmp_path / "cache")
    assert list(catalogue.intents) == ["relief.calf", "why.legs", "why.night"]
    assert {p.text for p in catalogue.phrases if p.intent == "relief.calf"} == {
        "ow my {part}",
        "ouch my {part}",
    }
    legs = next(p for p in catalogue.phrases if p.text == "why does my {part} cramp")
    assert legs.constraints == (("part", frozenset({"calf"})),)
    assert [form.text for form in catalogue.slot_forms][:2] == ["lower leg", "at night"]
    assert catalogue.anchors["why.night"] == ("cramp", "{part}")
    assert catalogue.negatives[0].redirect == "belly"
    assert catalogue.spoken("part", "calf") == "calf"
    assert catalogue.red_flag_examples


def test_the_folder_above_is_understood(tmp_path: Path) -> None:
    language = content_pack.write(tmp_path)
    assert load(language.parent, cache=tmp_path / "cache").intents


def test_a_folder_without_content_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"holds no content: it has no slots\.toml"):
        load(tmp_path, cache=tmp_path / "cache")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = content_pack.write(tmp_path)
    (folder / "sources.toml").unlink()
    with pytest.raises(ContentError, match=r"lacks the file sources\.toml"):
        load(folder, cache=tmp_path / "cache")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    folder = content_pack.write(tmp_path)
    (folder / "why.toml").write_bytes(b'topic = "why"\nid = "\xff"\n')
    with pytest.raises(ContentError, match=r"intents/en/why\.toml, line 2: this is not UTF-8"):
        load(folder, cache=tmp_path / "cache")


BROKEN = {
    "a missing quote": (
        {"why": ('"Why at night?"', '"Why at night?')},
        "intents/en/why.toml, line 16, column",
    ),
    "an unknown key": (
        {"why": ('say = ["The calf', 'sya = ["The calf')},
        "intents/en/why.toml, line 14, intent 2 (why.night): unknown key 'sya'. "
        "Did you mean 'say'?",
    ),
    "an unknown key at the top": (
        {"relief": ('topic = "relief"', 'topic = "relief"\ntopics = 1')},
        "intents/en/relief.toml: unknown key 'topics'. Did you mean 'topic'?",
    ),
    "an unknown key in a note": (
        {"why": ('when = { part = "calf" }', 'whn = { part = "calf" }')},
        "intent 2 (why.night), notes 1: unknown key 'whn'. Did you mean 'when'?",
    ),
    "a missing key": (
        {"relief": ('title = "Help"\n', "")},
        "intents/en/relief.toml, line 3, intent 1 (relief.calf): 'title' is missing",
    ),
    "text instead of a list": (
        {"relief": ('say = ["Pull your toes up."]', 'say = "Pull your toes up."')},
        "intent 1 (relief.calf): 'say' cannot be used: it is text in quotes, but should be a list",
    ),
    "an unknown grade": (
        {"relief": ('"consensus"', '"consensual"')},
        "'evidence' cannot be 'consensual'. It may be one of: moderate, low,",
    ),
    "a bad date": (
        {"relief": ("2026-11-22", '"last week"')},
        "intent 1 (relief.calf): 'reviewed' cannot be used",
    ),
    "a bad source": (
        {"sources": ("url", "urll")},
        "intents/en/sources.toml, line 2, [S1]: unknown key 'urll'. Did you mean 'url'?",
    ),
    "an unknown source": (
        {"relief": ('["S1"]', '["S9"]')},
        "intents/en/relief.toml, line 3, intent 1 (relief.calf): unknown source 'S9'",
    ),
    "an unknown routine": ({"why": ('"R1"', '"R2"')}, "(why.night): unknown routine 'R2'"),
    "an unknown intent": (
        {"why": ('answer_as = "why.night"', 'answer_as = "why.nigth"')},
        "(why.legs): unknown intent 'why.nigth'. Did you mean 'why.night'?",
    ),
    "an unknown intent to follow": (
        {"why": ('follow_on = ["why.legs"]', 'follow_on = ["why.arms"]')},
        "(why.night): unknown intent 'why.arms'",
    ),
    "an unknown redirect": (
        {"negatives": ('redirect = "belly"', 'redirect = "bely"')},
        "intents/en/negatives.toml, line 5, negative 1: unknown redirect 'bely'",
    ),
    "an unknown slot": (
        {"why": ("cramp {time}", "cramp {tme}")},
        "(why.night), template 1: unknown slot {tme}. Did you mean 'time'?",
    ),
    "an unknown list": (
        {"why": ("{legs:part}", "{lags:part}")},
        "(why.legs), template 1: unknown list 'lags' of slot {part}. Did you mean 'legs'?",
    ),
    "an unknown rule": (
        {"relief": ("<ow>", "<oww>")},
        "(relief.calf), template 1: unknown rule <oww>. Did you mean 'ow'?",
    ),
    "an unclosed bracket": (
        {"why": ("why do i cramp {time}", "why (do i cramp {time}")},
        "(why.night), template 1: the template 'why (do i cramp {time}' cannot be read",
    ),
    "an explosion": (
        {"relief": ("<ow> my", "<ow> <ow> <ow> <ow> <ow> <ow> <ow> <ow> <ow> <ow> <ow> <ow> my")},
        "(relief.calf), template 1: one template stands for more than 2000 phrases",
    ),
    "an unknown slot value": (
        {"why": ('when = { part = "calf" }', 'when = { part = "clf" }')},
        "(why.night): unknown value of {part} 'clf'. Did you mean 'calf'?",
    ),
    "an unknown slot in an anchor": (
        {"why": ('"{part}"', '"{prt}"')},
        "intents/en/why.toml, at the top: unknown slot 'prt'",
    ),
    "an intent twice": (
        {"relief": ('id = "relief.calf"', 'id = "why.legs"')},
        "(why.legs): 'why.legs' is there twice",
    ),
    "an intent without a topic": (
        {"relief": ('id = "relief.calf"', 'id = "calf"')},
        "'calf' cannot be an intent's id",
    ),
    "no sentences": ({"relief": ('["Pull your toes up."]', "[]")}, "'say' is empty"),
    "a form in two places": (
        {"slots": ('say = ["hand"]', 'say = ["calf"]')},
        "value hand: 'calf' is also a form of part calf",
    ),
    "a slot twice": ({"slots": ('name = "time"', 'name = "part"')}, "'part' is there twice"),
    "a rule without a condition": (
        {"why": ('when = { time = "night" }, answer', "when = {}, answer")},
        "a 'specialise' rule has no 'when'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_explained(tmp_path: Path, name: str) -> None:
    broken, said = BROKEN[name]
    assert said in error(tmp_path, **broken)


def test_a_broken_danger_sign_file_is_explained(tmp_path: Path) -> None:
    folder = content_pack.write(tmp_path)
    (folder / "red_flags.toml").write_text("flags = 1\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"red_flags\.toml"):
        load(folder, cache=tmp_path / "cache")


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = content_pack.write(tmp_path)
    before = load(folder, cache=cache)
    assert load(folder, cache=cache).digest == before.digest
    for name in content_pack.FILES:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text + "\n# touched\n", encoding="utf-8")
        assert load(folder, cache=cache).digest != before.digest, name
        (folder / name).write_text(text, encoding="utf-8")


def test_the_language_digest_ignores_answers(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = load(content_pack.write(tmp_path / "a"), cache=cache)
    answer = load(
        content_pack.write(tmp_path / "b", relief=("Pull your", "Lift your")), cache=cache
    )
    template = load(content_pack.write(tmp_path / "c", why=("why do i", "why did i")), cache=cache)
    assert answer.language_digest == first.language_digest
    assert template.language_digest != first.language_digest


def test_a_second_load_comes_from_the_cache_and_is_equal(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = content_pack.write(tmp_path)
    first = load(folder, cache=cache)
    assert len(list((cache / "content").glob("*.msgpack"))) == 1
    assert load(folder, cache=cache) == first


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = content_pack.write(tmp_path)
    first = load(folder, cache=cache)
    for file in (cache / "content").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert load(folder, cache=cache) == first


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    assert load(content_pack.write(tmp_path), cache=blocked).intents


def test_the_cache_does_not_grow_for_ever(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = content_pack.write(tmp_path)
    for number in range(12):
        (folder / "sources.toml").write_text(
            content_pack.FILES["sources.toml"] + f"# {number}\n", encoding="utf-8"
        )
        load(folder, cache=cache)
    assert len(list((cache / "content").iterdir())) == 8
