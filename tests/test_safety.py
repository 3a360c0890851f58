"""The safety stage against the measured sets, its clinical sources' phrasings and invented speech.

``pytest tests/test_safety.py -rP -k figures`` prints recall and false alarms of both halves.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from voiceskill import safety
from voiceskill.content import red_flags
from voiceskill.content.red_flag_terms import tokens
from voiceskill.content.red_flags import RedFlagTable
from voiceskill.evaluate_sets import Half, half_of
from voiceskill.events import Alternative, RedFlag, ReplyKind, Transcript, Urgency
from voiceskill.safety_clauses import clauses_of
from voiceskill.settings import Region, Settings

ROOT = Path(__file__).resolve().parent.parent
UTTERANCES = ROOT / "tests" / "utterances"
TABLE = red_flags.load(ROOT / "intents" / "en")
RANK = [Urgency.EMERGENCY, Urgency.CRISIS, Urgency.TODAY, Urgency.ROUTINE]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    say: tuple[str, ...]
    kind: str
    expect: tuple[str, ...] = ()
    urgency: Urgency = Urgency.ROUTINE
    split: Half | None = None


@dataclasses.dataclass(frozen=True)
class Case:
    text: str
    group: Group

    @property
    def half(self) -> Half:
        return self.group.split or half_of(self.text)


def read(name: str) -> list[Case]:
    raw = tomllib.loads((UTTERANCES / f"{name}.toml").read_text(encoding="utf-8"))
    groups = msgspec.convert(raw["group"], list[Group])
    return [Case(text, group) for group in groups for text in group.say]


RED = read("red_flags")
BENIGN = read("benign")


def check(text: str) -> RedFlag | None:
    return safety.check(Transcript(text), TABLE)


def missed(case: Case) -> bool:
    """Nothing raised, or something less urgent than is safe."""
    flag = check(case.text)
    return flag is None or RANK.index(flag.urgency) > RANK.index(case.group.urgency)


def test_the_sets_are_large_and_without_repeats() -> None:
    assert len({case.text for case in RED}) == len(RED) >= 320
    assert len({case.text for case in BENIGN}) == len(BENIGN) >= 500
    assert {flag for case in RED for flag in case.group.expect} == set(TABLE.flags)


@pytest.mark.parametrize("half", Half)
def test_figures(half: Half) -> None:
    """Recall and false alarms, each half by itself."""
    red = [case for case in RED if case.half is half]
    benign = [case for case in BENIGN if case.half is half]
    misses = [case.text for case in red if missed(case)]
    found = [(case, check(case.text)) for case in red]
    other = sum(f is not None and f.id not in case.group.expect for case, f in found)
    asked = sum(f is not None and f.doubt for _, f in found)
    alarms = [(case.text, flag) for case in BENIGN if case.half is half
              for flag in [check(case.text)] if flag is not None]  # fmt: skip
    print(f"{half}: {len(red)} danger signs, {len(misses)} missed, "
          f"{other} named otherwise, {asked} put as a question")  # fmt: skip
    print(f"{half}: {len(benign)} benign, {len(alarms)} false alarms, "
          f"{sum(flag.doubt for _, flag in alarms)} of them questions")  # fmt: skip
    assert misses == []
    assert len(alarms) <= 0.02 * len(benign), alarms


BRIEF = {
    "F1": ["can't breathe", "chest hurts", "coughing blood", "passed out",
           "leg's swollen and I'm breathless"],
    "F2": ["one calf fat, hot, red", "one leg bigger", "sore since flight", "one calf big and hot",
           "calf sore since operation", "calf sore since cast"],
    "F3": ["foot gone white", "foot gone blue", "foot gone freezing",
           "foot gone freezing, can't feel it", "foot's white and cold"],
    "F3b": ["foot pain all night, better hanging down", "black toe", "sore won't heal"],
    "F4": ["numb down below", "can't wee", "wet myself", "both legs weak",
           "can't feel when I wipe"],
    "F5": ["wee like cola", "wee like tea", "wee like cola, with pain", "pee like cola after gym"],
    "F6": ["lips and fingers tingling, hands locked", "neck operation and my hands cramp",
           "lips tingling hands locked"],
    "F7": ["after knock pain unbearable", "after break rock hard", "after cast numb",
           "after a knock to my leg it's rock hard", "cast on my leg, pain unbearable"],
    "F8": ["dirty cut and jaw stiff", "I was bitten", "sprayed with chemical"],
    "F9": ["crushing chest", "cramp down left arm, jaw, sweating", "cramp down left arm",
           "chest tight and arm cramp"],
    "F10": ["face drooping", "slurring", "one side weak", "shaking, not awake"],
    "F11": ["confused in the heat", "vomiting in the heat", "stopped sweating",
            "hot 30 minutes on"],
    "F11b": ["heat cramps over one hour", "heat cramps and a heart problem",
             "heat cramps on a low-salt diet"],
    "F12": ["leg getting thinner", "tripping", "muscles twitching all over", "weaker each week"],
    "F13": ["won't stop", "been half an hour", "half hour and won't stop",
            "leg cramp won't stop, half an hour"],
    "F14": ["red spreading", "red spreading, hot, fever, shivering"],
    "F15": ["pregnant and one swollen calf", "pregnant with belly cramps", "pregnant and bleeding",
            "my waters broke", "baby moving less",
            "pregnant with a bad headache and vision change"],
    "F16": ["took too many", "bruising on quinine", "throat swelling"],
    "F17": ["can't go on", "end it", "cut my leg off", "I can't live with this pain"],
    "F18": ["snapped", "can't tiptoe"],
}  # fmt: skip
"""Trigger phrasings of the clinical content's section on danger signs, in its own words."""


@pytest.mark.parametrize(
    ("sign", "text"), [(sign, text) for sign, texts in BRIEF.items() for text in texts]
)
def test_every_clinical_phrasing_is_caught(sign: str, text: str) -> None:
    flag = check(text)
    assert flag is not None
    tiers = TABLE.flags[sign].tier
    least = max(RANK.index(tier.urgency) for tier in tiers)
    assert RANK.index(flag.urgency) <= least


def test_every_example_raises_its_own_sign() -> None:
    assert safety.unheard_examples(TABLE) == []


@pytest.mark.parametrize(
    ("text", "sign", "urgency"),
    [
        ("my calf is swollen and I can't breathe", "F1", Urgency.EMERGENCY),
        ("it's been half an hour and my foot has gone numb and cold", "F3", Urgency.EMERGENCY),
        ("it's been half an hour and it's gone rigid", "F13", Urgency.EMERGENCY),
        ("it's been half an hour", "F13", Urgency.TODAY),
        ("I want to die I've taken too many tablets", "F16", Urgency.EMERGENCY),
        ("my leg is getting thinner and one calf is swollen", "F2", Urgency.TODAY),
        ("cut my leg off it's been half an hour", "F17", Urgency.CRISIS),
        ("suddenly my toe has gone black", "F3b", Urgency.EMERGENCY),
    ],
)
def test_the_most_urgent_sign_wins(text: str, sign: str, urgency: Urgency) -> None:
    flag = check(text)
    assert flag is not None
    assert (flag.id, flag.urgency, flag.otherwise) == (sign, urgency, None) or (
        sign == "F17" and flag.id == "F17"
    )


@pytest.mark.parametrize(
    "text",
    [
        "no chest pain",
        "I don't have any chest pain or swelling",
        "my leg isn't swollen",
        "it's not hot, red or swollen",
        "I had a clot years ago",
        "my chest hurt years ago",
        "is it a clot",
        "what causes chest pain",
        "can cramp cause swelling",
        "this cramp is killing me",
        "it's been eight minutes",
        "nothing snapped",
    ],
)
def test_denied_past_and_general_mentions_stay_quiet(text: str) -> None:
    assert check(text) is None


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I can't breathe not even a bit", "F1"),
        ("no no no I can't breathe", "F1"),
        ("no my chest hurts", "F1"),
        ("not diabetic my chest hurts", "F1"),
        ("oh no chest pain", "F1"),
        ("I've never had chest pain like this", "F1"),
        ("I don't know what's wrong my chest hurts", "F1"),
        ("it isn't cramp it's chest pain", "F1"),
        ("I can't sleep my calf is swollen", "F2"),
        ("no feeling in my foot and it's gone white", "F3"),
        ("I had a clot years ago and now my calf is swollen", "F2"),
    ],
)
def test_a_denial_reaches_only_what_it_governs(text: str, sign: str) -> None:
    flag = check(text)
    assert flag is not None
    assert (flag.id, flag.doubt) == (sign, False)


@pytest.mark.parametrize(
    "text",
    ["I don't think my calf is swollen", "what if my calf is swollen", "no fever chest pain",
     "I'm not sure if my calf is swollen", "the cramp won't stop"],
)  # fmt: skip
def test_unclear_mentions_are_put_as_a_question(text: str) -> None:
    flag = check(text)
    assert flag is not None
    assert flag.doubt
    asked = safety.reply(flag, TABLE, Settings())
    assert asked.kind is ReplyKind.CHECK
    assert asked.sentences == (TABLE.flags[flag.id].check,)


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("cramp for ten minutes", False),
        ("cramp for over ten minutes", True),
        ("cramp for eleven minutes", True),
        ("cramp for 45 minutes", True),
        ("cramp for a quarter of an hour", True),
        ("cramp for three quarters of an hour", True),
        ("cramp for an hour and a half", True),
        ("cramp for a couple of minutes", False),
        ("cramp for half a minute", False),
        ("cramp for hours", True),
        ("cramp for twenty <unk> minutes", True),
        ("cramp twenty seconds", False),
    ],
)
def test_ten_minutes_is_the_limit(text: str, caught: bool) -> None:
    flag = check(text)
    assert (flag is not None and flag.id == "F13") is caught


def heard(*texts: str, step: float = 0.1) -> RedFlag | None:
    """Check hypotheses as the recogniser gives them, best first, ``step`` apart."""
    alternatives = tuple(Alternative(text, -30 - step * rank) for rank, text in enumerate(texts))
    return safety.check(Transcript(texts[0], alternatives=alternatives), TABLE)


def test_a_sign_in_a_lower_hypothesis_is_a_question() -> None:
    flag = heard("my chess hut", "my chest hurts", "my chess hurts", "my chest hut", "a test")
    assert flag is not None
    assert (flag.id, flag.doubt) == ("F1", True)


def test_a_sign_in_half_of_the_hypotheses_stands() -> None:
    flag = heard("my chess hut", "my chest hurts", "my chest hurt", "my chess")
    assert flag is not None
    assert (flag.id, flag.doubt) == ("F1", False)


@pytest.mark.parametrize(
    ("best", "step", "caught"),
    [
        ("my <unk> hurts", safety.UNSURE_REACH, True),
        ("my <unk> hurts", safety.UNSURE_REACH + 0.1, False),
        ("my chess hurts", safety.SURE_REACH, True),
        ("my chess hurts", safety.SURE_REACH + 0.1, False),
    ],
)
def test_how_unlikely_a_hypothesis_is_still_read(best: str, step: float, caught: bool) -> None:
    assert (heard(best, "my chest hurts", step=step) is not None) is caught


def test_what_is_certain_waits_behind_a_more_urgent_question() -> None:
    flag = heard("my calf is swollen", "my calf is swollen i can't breathe", "my calf swollen")
    assert flag is not None
    assert (flag.id, flag.doubt) == ("F1", True)
    assert flag.otherwise is not None
    assert (flag.otherwise.id, flag.otherwise.doubt) == ("F2", False)


REPLIES = [
    pytest.param(tier, entry.id, region, kiosk, id=f"{entry.id}-{tier.urgency}-{region}-{kiosk}")
    for entry in TABLE.file.flag
    for tier in entry.tier
    for region in Region
    for kiosk in (False, True)
]


@pytest.mark.parametrize(("tier", "sign", "region", "kiosk"), REPLIES)
def test_every_reply_says_what_to_do_first(
    tier: red_flags.Tier, sign: str, region: Region, kiosk: bool
) -> None:
    configured = Settings(region=region, kiosk=kiosk)
    reply = safety.reply(RedFlag(sign, tier.urgency, ""), TABLE, configured)
    first, spoken = reply.sentences[0], " ".join(reply.sentences)
    assert reply.kind is ReplyKind.RED_FLAG
    assert reply.red_flag == sign
    assert any(word in first for word in ("Call", "call", "go to", "book"))
    assert "{" not in spoken
    assert all(len(part) == 1 for part in re.findall(r"\d+", spoken))
    assert ("1 1 1" in spoken) <= (region is Region.UK)
    assert len(spoken.split()) <= 60
    assert not any(word in spoken.lower() for word in ("pull your toes", "diagnos", "you have "))
    if tier.urgency is not Urgency.ROUTINE:
        assert ("Tell a member of staff now." in spoken) is kiosk
        assert ("I can't call for you." in spoken) is not kiosk


@pytest.mark.parametrize(
    ("region", "first"),
    [
        (Region.UK, "This could be an emergency. Call 9 9 9 now."),
        (Region.US, "This could be an emergency. Call 9 1 1 now."),
        (Region.EU, "This could be an emergency. Call 1 1 2 now."),
        (Region.UNSET, "This could be an emergency. Call your local emergency number now."),
    ],
)
def test_an_emergency_begins_with_the_number(region: Region, first: str) -> None:
    reply = safety.reply(RedFlag("F1", Urgency.EMERGENCY, ""), TABLE, Settings(region=region))
    assert reply.sentences[0] == first
    assert reply.sentences[1] == "It could be a clot in the lung."


def test_a_crisis_asks_first_and_then_names_the_line() -> None:
    flag = check("cut my leg off")
    assert flag is not None
    assert flag.urgency is Urgency.CRISIS
    asked = safety.reply(flag, TABLE, Settings(region=Region.UK))
    assert asked.sentences == ("I'm sorry it's this bad. Are you thinking of harming yourself?",)
    confirmed = dataclasses.replace(flag, doubt=False)
    told = safety.reply(confirmed, TABLE, Settings(region=Region.UK))
    assert "1 1 6 1 2 3" in told.sentences[0]
    assert "9 9 9" in told.sentences[1]


def test_plain_words_of_self_harm_skip_the_question() -> None:
    flag = check("I want to kill myself")
    assert flag is not None
    assert (flag.urgency, flag.doubt) == (Urgency.CRISIS, False)


# ---- invented speech ----

INSERTED = (
    "um", "er", "oh", "please", "lovely", "window", "tuesday", "my", "the", "and", "so", "really",
    "green", "paper", "blanket", "<unk>", "well", "you", "know", "sister",
)  # fmt: skip
"""Harmless words. None denies, dates or supposes anything, none is an exception in the file."""


def gaps(text: str) -> list[bool]:
    """For each word, whether a word may follow it without changing what is said.

    Not inside a number or a time ("forty five minutes"), nor between "can" and "not".
    """
    words = text.lower().split()
    numbers = {"twenty", "thirty", "forty", "half", "quarter", "an", "a", "more", "of", "and",
               "three", "five"}  # fmt: skip
    return [
        not (word in numbers or (word in ("can", "do") and following == "not"))
        for word, following in itertools.zip_longest(words, words[1:], fillvalue="")
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(RED), st.data())
def test_harmless_words_in_the_gaps_never_silence_a_sign(case: Case, data: st.DataObject) -> None:
    words = []
    for word, gap in zip(case.text.split(), gaps(case.text), strict=True):
        words.append(word)
        if gap and data.draw(st.booleans()):
            words.append(data.draw(st.sampled_from(INSERTED)))
    assert check(" ".join(words)) is not None


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RED), st.sampled_from(BENIGN), st.booleans())
def test_another_sentence_never_silences_a_sign(case: Case, other: Case, first: bool) -> None:
    alone = check(case.text)
    assert alone is not None
    pair = (other.text, case.text) if first else (case.text, other.text)
    together = check(". ".join(pair))
    assert together is not None
    assert RANK.index(together.urgency) <= RANK.index(alone.urgency)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RED), st.sampled_from(BENIGN))
def test_speech_run_together_never_silences_a_sign(case: Case, other: Case) -> None:
    """As the recogniser gives it, without a full stop, wherever a new clause is recognised."""
    before = tokens(other.text)
    together = tokens(f"{other.text} {case.text}")
    assume(len(before) in {clause.start for clause in clauses_of(together)})
    assert check(f"{other.text} {case.text}") is not None


def test_figures_for_speech_run_together() -> None:
    """Without full stops and wherever clauses are missed: a sentence beside it rarely hides one."""
    pairs = [(red.text, BENIGN[7 * number % len(BENIGN)].text)
             for number, red in enumerate(RED)]  # fmt: skip
    hidden = [text for red, benign in pairs for text in (f"{red} {benign}", f"{benign} {red}")
              if check(text) is None]  # fmt: skip
    print(f"{2 * len(pairs)} run together, {len(hidden)} hidden")
    assert len(hidden) <= 0.005 * 2 * len(pairs), hidden


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(sorted({w for c in RED + BENIGN for w in c.text.split()}))))
def test_any_words_at_all_are_read(words: list[str]) -> None:
    text = " ".join(words)
    assert check(text) == check(text)


def test_an_empty_table_hears_nothing() -> None:
    nothing = RedFlagTable(TABLE.file, (), TABLE.index, TABLE.exceptions, {})
    assert safety.check(Transcript("i can't breathe"), nothing) is None
