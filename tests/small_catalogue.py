"""A small catalogue in memory, for tests of the matcher and the dialogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from voiceskill.content.catalogue import Catalogue, Constraint, Negative, Phrase, SlotForm
from voiceskill.content.schema import (
    Evidence,
    IntentEntry,
    PhrasesFile,
    RedirectEntry,
    SafetyNote,
    SlotEntry,
    SlotValue,
    Specialise,
    ThresholdsFile,
)

TODAY = dt.date(2026, 11, 22)
LEG: Constraint = ("part", frozenset({"calf", "leg"}))
HAND: Constraint = ("part", frozenset({"hand"}))
FOOT: Constraint = ("part", frozenset({"foot"}))

FORMS = {
    "part": {
        "calf": ["calf", "lower leg"],
        "leg": ["leg"],
        "hand": ["hand"],
        "foot": ["foot", "feet"],
    },
    "side": {"left": ["left"], "right": ["right"]},
    "time": {"night": ["at night", "in bed"]},
    "remedy": {"magnesium": ["magnesium"], "banana": ["banana"]},
    "condition": {"pregnant": ["pregnant"], "kidney": ["kidney disease"]},
}

SENTENCES: Mapping[str, Sequence[tuple[str, tuple[Constraint, ...]]]] = {
    "relief.calf": [
        ("my {part} is cramping", (LEG,)),
        ("i have a cramp in my {part}", (LEG,)),
        ("how do i stop a cramp in my {part}", (LEG,)),
        ("ow my {part}", (LEG,)),
    ],
    "relief.hand": [("my {part} is cramping", (HAND,)), ("my {part} will not open", (HAND,))],
    "why.legs": [
        ("why are my {part} cramping", (LEG,)),
        ("why does my {part} cramp", (LEG,)),
        ("what causes cramp in the {part}", (LEG,)),
        ("why can not i stop cramping", ()),
    ],
    "why.night": [("why do i get cramp {time}", ()), ("why does my {part} cramp {time}", (LEG,))],
    "why.feet": [("why do my {part} cramp", (FOOT,))],
    "cause.dehydration": [("is it because i am not drinking enough", ()), ("am i dehydrated", ())],
    "prevent.stretch": [
        ("how do i stop it coming back", ()),
        ("which stretches prevent cramp", ()),
    ],
    "myth.magnesium": [("does {remedy} work", (("remedy", frozenset({"magnesium"})),))],
    "myth.banana": [("does {remedy} work", (("remedy", frozenset({"banana"})),))],
    "meta.repeat": [("say that again", ()), ("repeat that", ())],
    "meta.more": [("tell me more", ())],
    "meta.else": [("what else", ()), ("anything else", ())],
    "meta.why": [("why is that", ()), ("why", ())],
    "meta.shorter": [("shorter", ())],
    "meta.stop": [("stop", ())],
    "meta.slower": [("slower", ())],
    "meta.about": [("what about my {part}", ()), ("and {time}", ()), ("what about {remedy}", ())],
}

ANCHORS = {
    "relief": ("cramp", "cramping", "spasm", "{part}"),
    "why": ("cramp", "cramping", "spasm"),
    "cause": ("drinking", "dehydrated"),
    "prevent": ("coming", "prevent", "stretches"),
    "myth": ("{remedy}",),
    "meta": (),
}

NEGATIVES = [
    Negative("period cramps", "belly"),
    Negative("my stomach is cramping", "belly"),
    Negative("why do i get stomach cramps", "belly"),
    Negative("i have a headache", "nearby"),
    Negative("this flat is cramped", None),
]


def _entry(intent: str) -> IntentEntry:
    topic, name = intent.split(".")
    specialise = []
    notes = []
    follow_on: list[str] = []
    routine = None
    if intent == "why.legs":
        specialise = [
            Specialise(when={"time": "night"}, answer_as="why.night"),
            Specialise(when={"part": "foot"}, answer_as="why.feet"),
        ]
        follow_on = ["prevent.stretch", "myth.magnesium"]
    if intent == "why.feet":
        follow_on = ["prevent.stretch"]
    if intent == "myth.magnesium":
        notes = [SafetyNote(say="With kidney disease, no.", when={"condition": "kidney"})]
    if intent == "relief.calf":
        routine = "R3"
        follow_on = ["why.legs"]
    return IntentEntry(
        id=intent,
        title=f"About {name}",
        templates=["x"],
        say=[f"First about {name}.", f"Second about {name}."],
        more=[f"More about {name}."] if topic != "meta" else [],
        evidence=Evidence.NONE if topic == "meta" else Evidence.CONSENSUS,
        sources=[] if topic == "meta" else ["S1"],
        reviewed=TODAY,
        notes=notes,
        specialise=specialise,
        routine=routine,
        follow_on=follow_on,
    )


def thresholds(**changes: float) -> ThresholdsFile:
    values = {
        "accept_score": 70.0,
        "margin": 4.0,
        "anchor_confidence": 0.5,
        "mean_confidence": 0.4,
        "unknown_share": 0.4,
    } | changes
    return ThresholdsFile(**values, calibrated=TODAY, command="by hand for tests")


def catalogue(**changes: float) -> Catalogue:
    forms = [
        SlotForm(text, slot, value)
        for slot, values in FORMS.items()
        for value, texts in values.items()
        for text in texts
    ]
    return Catalogue(
        intents={intent: _entry(intent) for intent in SENTENCES},
        anchors={intent: ANCHORS[intent.split(".")[0]] for intent in SENTENCES},
        phrases=tuple(
            Phrase(text, intent, constraints)
            for intent, sentences in SENTENCES.items()
            for text, constraints in sentences
        ),
        slots=tuple(
            SlotEntry(name=slot, value=[SlotValue(id=v, say=t) for v, t in values.items()])
            for slot, values in FORMS.items()
        ),
        slot_forms=tuple(sorted(forms, key=lambda f: -len(f.text.split()))),
        negatives=tuple(NEGATIVES),
        redirects={
            "belly": RedirectEntry(id="belly", say=["That sounds like belly cramp."]),
            "nearby": RedirectEntry(id="nearby", say=["I only cover cramps."]),
        },
        routines={},
        preflight=(),
        sources={},
        wording=PhrasesFile(
            check_denied=["All right."],
            say_again=["Sorry, please say that again."],
            choices=["Say one.", "Say two.", "Say three."],
            off_topic=["I only know about muscle cramp."],
            nothing_to_repeat=["I haven't said anything yet."],
            not_reviewed=["Not reviewed."],
        ),
        thresholds=thresholds(**changes),
        lead_ins=(),
        tails=(),
        digest="0" * 64,
        language_digest="0" * 64,
    )
