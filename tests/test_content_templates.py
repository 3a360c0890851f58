from __future__ import annotations

import pytest

from voiceskill.content.templates import (
    MOST_PHRASES,
    Rules,
    TemplateError,
    constraints,
    expand,
    thin,
)

NO_RULES = Rules({})
LISTS = {"part": {"calf": frozenset({"calf"}), "leg": frozenset({"calf", "thigh"})}, "side": {}}


def test_optional_words_and_alternatives_are_written_out() -> None:
    assert sorted(expand("why [do] my (leg|legs) cramp", NO_RULES)) == [
        "why do my leg cramp",
        "why do my legs cramp",
        "why my leg cramp",
        "why my legs cramp",
    ]


def test_slots_stay_in_and_spaces_are_single() -> None:
    assert sorted(expand("my  {leg:part} [is]  cramping", NO_RULES)) == [
        "my {leg:part} cramping",
        "my {leg:part} is cramping",
    ]


def test_permutations_come_in_every_order() -> None:
    assert sorted(expand("(cramp;help)", NO_RULES)) == ["cramp help", "help cramp"]


def test_rules_may_use_rules() -> None:
    rules = Rules({"ow": "(ow|ouch)", "cry": "<ow> <ow>"})
    assert len(expand("<cry> my leg", rules)) == 4


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("why (do my legs cramp", "cannot be read"),
        ("[why]", "can be empty"),
        ("Why do my legs cramp?", "'W'"),
        ("why 2 legs", "'2'"),
        ("<nowhere> cramp", "unknown rule <nowhere>"),
        ("my {Part} hurts", "not a slot"),
        ("my {part hurts", "'{'"),
        ("(a|b|c) " * 8, f"more than {MOST_PHRASES} phrases"),
    ],
)
def test_a_bad_template_says_what_is_wrong(template: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        expand(template, NO_RULES)
    assert said in str(caught.value)
    assert caught.value.hint


def test_rules_in_a_circle_are_named() -> None:
    rules = Rules({"one": "<two> a", "two": "<one> b"})
    with pytest.raises(TemplateError, match="<one> uses <two> uses <one>"):
        expand("<one>", rules)


def test_lists_become_constraints() -> None:
    text, demands = constraints("my {leg:part} and {side}", LISTS)
    assert text == "my {part} and {side}"
    assert demands == (("part", frozenset({"calf", "thigh"})),)


@pytest.mark.parametrize(
    ("phrase", "said", "hint"),
    [
        ("my {prt} hurts", "unknown slot {prt}", "did you mean 'part'?"),
        ("my {lig:part} hurts", "unknown list 'lig'", "did you mean 'leg'?"),
        ("my {part} and {leg:part}", "uses {part} twice", "write one"),
    ],
)
def test_unknown_slots_and_lists_are_named(phrase: str, said: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        constraints(phrase, LISTS)
    assert said in str(caught.value)
    assert hint in caught.value.hint


def test_thinning_keeps_every_pair_of_neighbours_and_the_short_ones() -> None:
    full = expand(
        "(how do i|how can i|help me) (stop|ease) (a|this|my) leg (cramp|spasm)", NO_RULES
    )
    kept = thin(full)
    pairs = {pair for text in full for pair in zip(text.split(), text.split()[1:], strict=False)}
    found = {pair for text in kept for pair in zip(text.split(), text.split()[1:], strict=False)}
    assert found == pairs
    assert len(kept) < len(full) / 2
    assert thin(full) == kept
    few = ["stop", "stop it now please you", "quiet"]
    assert thin(few) == few
