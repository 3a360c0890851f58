"""English word forms that mean the same to the matcher, and words that mean little.

Phrases and utterances go through the same reduction, so a wrong entry costs discrimination, never
consistency. Body parts, remedies, medicines and times are not here: they are slots, in the content.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _groups(table: str) -> dict[tuple[str, ...], str]:
    """Read lines of ``concept: form, two word form, =form``; = takes no other ending."""
    forms: dict[tuple[str, ...], str] = {}
    for line in table.strip().splitlines():
        concept, _, rest = line.partition(":")
        for form in rest.split(","):
            forms[tuple(form.split())] = concept.strip()
    return forms


_CONCEPTS = _groups("""
cramp: cramp, charley horse, charlie horse, charley horses, charlie horses, spasm, spasm up
cramp: in spasm, gone into spasm, seize, seize up, seizure up, =locked
cramp: =locking, =locks, lock up, lock solid, knot
cramp: knot up, tie in knots, tied up in knots, in knots, in a knot
cramp: grab, clench, clench up, cramp up, tense up, tighten, tighten up, go tight
cramp: gone tight, gone hard, go hard, gone rock hard, hard as a rock, hard as rock, gone solid
cramp: pull tight, curl, curl up, curl under
why: why, how come, what cause, what causes, what caused, what is causing, what makes, what make
why: what made, what is making, what brings on, what bring on, what brings, what brought on
why: what is behind, what is the reason, what is the reason for, what is the cause of
why: what are the causes of, what are the reasons for, reason for, the reason for, reason why
why: the reason why, what for, from where comes, where does it come from, what leads to
why: what is to blame for, what triggers, what sets off, what is it that makes, how is it that
why: for what reason
what_do: what make, what make when, what to make, what to do, what do i do, what can i do
what_do: what should i do
cause: cause, causing, give, giving, bring on, bring, trigger, lead to, set off, make, making
cause: responsible for, to blame for, blame, behind, down to, due to, because of, from, doing this
cause: do this, reason
prevent: prevent, avoid, ward off, keep away, keep at bay, stave off, stop it coming back
prevent: stop them coming back, stop it happening, stop them happening, stop it from happening
prevent: stop them from happening, stop it from coming back, stop them from coming back, keep from
prevent: prevention, keep it away, keep them away, stop getting, put an end to
prevent: cut down on, reduce, fewer, less often
should: is it safe to, is it ok to, is it okay to, is it all right to, is it alright to
should: is it fine to, is it good to, is it best to, is it better to, is it a good idea to
should: am i allowed to, ought i to, is it wise to, would it be better to, is it sensible to
be: is it because of, is it because, could it be because of, could it be because, is it from
be: is it due to, is it down to, might it be, may it be, could it be, maybe it is, perhaps it is
be: could this be, might this be, is this because of, is this because, is this from, is it just
how: what is the best way to, what is the quickest way to, what is the fastest way to
how: the best way to, the quickest way to, any way to, is there a way to, is there any way to
how: best way to, quickest way to, fastest way to, what is the easiest way to, how best to
why: is there a reason, is there any reason, any reason, what is the main cause of, how is it
what_do: what is the best thing to do, what is best to do, what am i supposed to do
help: worth taking, worth having, worth a go, worth using, worth doing, be of use, of any help
tear: tear, torn, tore, rip, ripped
long: how soon, how quickly
begin: begin, start, start on, let us do, let us start, can we do, can we start, take me through
begin: guide me through, talk me through, walk me through, show me, i would like to do
help: help, work, any good, good for, do any good, do any good for, do anything for
help: make a difference, make any difference, effective, useful, worth trying, worth a try
help: worth it, be worth, of any use, any use, benefit, beneficial, do the trick, do the job
help: good against, good idea for, do much for, really work
help: remedy for
ease: fix, cure, treat, treatment, treatment for, remedy for, sort out, heal, relief from, deal with
ease: relief for, first aid for, first aid
cramp: crampy, bunched up, all bunched up, in a ball, into a ball, gone stiff, a tight ball
prevent: not come again, not come back, make sure it does not come back, so it does not come back
prevent: make sure they do not come back, not to get, not get it again
what_do: what must i do, what i must do, what shall i do, what can we do, what now
low: not have enough, do not have enough, not get enough, not getting any
old: old, older, age, elderly, getting on, getting older, years old
why: the causes of, what is the reason, what is it caused by, from what comes, caused by
ease: ease, relieve, relief, soothe, get rid of, make it go away, make it stop, let go, release
ease: relax, loosen, unlock, undo, calm down, take away, stop the pain
sore: sore, ache, achy, tender, aching, soreness, stiff, bruise feel
doctor: doctor, gp, physician, medic, clinic, surgery
physio: physio, physiotherapist, physical therapist, therapist
low: low, lack, lacking, short of, shortage of, shortage, deficient, deficiency, deficient in
low: deficiency in, deficiency of, not enough, too little, not getting enough, lack of, missing
low: running low on, low on, low in, run low on, depleted, low level of, low levels of, need more
overdo: too much, too many, overdo, over do, overdone, overdid, over did
hold: hold, hold it, keep hold
eat: eat, diet, food, foods, nutrition, meal, eating
drink: drink, drinking, fluid, fluids, water, hydrate, hydration, sip
safe: safe, dangerous, danger, harmful, harm, risky, risk, bad for me, ok to take, okay to take
safe: allowed, alright to take
often: frequent, often, all the time, constantly, continually, every night, most nights
often: night after night, keep happening, keep coming back, coming back, come back, keep on
often: recurring, again and again, over and over, repeatedly, return, regularly
long: long, how many minutes, how much longer, how many seconds, last, duration
stretch: stretch, stretches, exercises, stretching exercises
shoe: shoe, shoes, footwear, trainer, trainers, sneakers, boots, heels, insoles, slippers
sheet: sheet, sheets, bedding, bedclothes, covers, blanket, blankets, duvet, bed covers
sheet: bed clothes
position: lie, position, sleep position, sleeping position
which: which, what kind of, what sort of, what type of, which kind of, which sort of
difference: difference, different, tell apart, versus, distinguish, compare, difference between
test: test, scan, blood test, blood tests, check, examination, investigation
record: record, recorded, recording, listen in, store, save, keep what
person: human, person, real person, robot, machine, computer
ring: ring, phone, call, dial, telephone
nutrient: vitamin, mineral, nutrient
heat: heat, hot, warm, warmth
""")

_LIGHT = _words(
    "a an the this that these those my your me i it us mine am is are was were be been "
    "being do does did have has had having get gets getting got gotten will would shall can "
    "could may might must should to of in on at for with by about into and or if then than as "
    "so very such some any there here just also still even only ever let myself yourself one "
    "ones"
)
"""Grammar: it decides between phrases only when nothing else does."""

_CHATTER = _words(
    "you he she we they them his her our their yesterday today morning afternoon week month year "
    "years ago husband wife mum mom dad mother father son daughter sister brother friend gran "
    "grandad nan partner aunt uncle man woman lady people person everybody someone somebody "
    "anybody dear woke wake waking asleep sat sit sitting stood stand last time times first day "
    "days every always usually sometimes often two three four five six seven eight nine ten "
    "twenty thirty forty fifty sixty seventy eighty ninety hundred own house home work job told "
    "said says read heard hear saw seen internet telly tv online paper book magazine suppose "
    "guess wondering wonder question help worried worry worrying frightened scared annoying fed "
    "tired sick recently lately nowadays past few couple several many most both each another "
    "other same whole middle half o'clock around properly little big huge great massive poor "
    "blinking bloody blasted damn flipping stupid killing murder kill awake up down sorry good "
    "nice much more less kind sort anything something everything nothing name called hurting "
    "crying screaming absolutely thank thanks advice tip tips idea information info explain "
    "mean means matter wrong problem trouble issue out over off but lot lots bit thing keep "
    "keeps going go goes gone went come comes came bad badly terrible terribly awful awfully "
    "horrible nasty painful pain hurt agony sudden suddenly again now right away quick quickly "
    "want need like try think know say tell feel felt feeling really all muscle seem start "
    "started happen happened happening occur maybe perhaps possible possibly probably actual "
    "suffer suffering experience experiencing when while whenever since because real main usual "
    "best fast fastest quickest quicker earth severe sharp strong proper complete completely "
    "total totally exactly exact fully straight immediately instantly able hardly nearly almost "
    "during whilst chance prone likely likelier common weekend tonight evening later soon once "
    "twice ever mine mostly mainly simply gets certain way ways things stuff place everywhere "
    "somewhere kept keeping myself actually"
    " shocking dreadful excruciating unbearable intense extreme extremely crippling stabbing"
    " violent vicious wicked mild slight small tiny odd strange weird funny random regular"
    " occasional persistent recent new fresh typical ordinary simple single double further extra"
    " additional particular specific various lovely young entire wonderful grateful"
)
"""Everyday words around a question; when no phrase has them they count a little against it."""

COMPLAINT = "cramp"
"""The concept that names the topic."""

QUESTION_WORDS = _words("why how what which who whose where when")

_IRREGULAR = {
    "lying": "lie", "lay": "lie", "laid": "lie", "dying": "die", "drank": "drink", "drunk": "drink",
    "ate": "eat", "eaten": "eat", "took": "take", "taken": "take", "slept": "sleep", "ran": "run",
    "running": "run", "swam": "swim", "swimming": "swim", "gave": "give", "given": "give",
    "made": "make", "brought": "bring", "gotten": "get", "got": "get", "feet": "foot",
    "calves": "calf", "toes": "toe", "children": "child", "women": "woman", "men": "man",
    "held": "hold", "did": "do", "done": "do", "went": "go", "gone": "go", "came": "come",
    "worse": "worse", "this": "this", "is": "is", "was": "was", "has": "has", "does": "does",
    "stopped": "stop", "stopping": "stop", "getting": "get", "sitting": "sit", "less": "less",
    "always": "always", "diabetes": "diabetes", "during": "during", "thing": "thing",
    "nothing": "nothing", "something": "something", "anything": "anything", "evening": "evening",
    "morning": "morning", "yes": "yes", "his": "his", "us": "us", "as": "as", "its": "it",
    "pelvis": "pelvis", "being": "be", "need": "need", "bleed": "bleed", "feed": "feed",
    "red": "red", "bed": "bed", "speed": "speed", "bleeding": "bleed", "ring": "ring",
    "bring": "bring", "spring": "spring", "king": "king", "sing": "sing", "string": "string",
    "wing": "wing", "swollen": "swell", "swelling": "swell", "tired": "tired", "hurting": "hurt",
    "knitting": "knit", "gripping": "grip", "jumping": "jump", "cutting": "cut", "hitting": "hit",
    "massage": "massage", "seizing": "seize", "seized": "seize", "squeezed": "squeeze",
    "causing": "cause", "caused": "cause", "causes": "cause", "cycling": "cycle", "using": "use",
    "exercising": "exercise", "exercised": "exercise", "exercises": "exercises",
    "easing": "ease", "eased": "ease", "eases": "ease", "taking": "take", "making": "make",
    "giving": "give", "having": "have", "coming": "come", "typing": "type", "writing": "write",
    "driving": "drive", "hiking": "hike", "prescribed": "prescribe", "trapped": "trap",
    "dehydrated": "dehydration", "dehydrating": "dehydration", "dehydrate": "dehydration",
    "hydrated": "hydration", "pregnancy": "pregnant", "diabetic": "diabetes", "aged": "age",
    "ageing": "age", "aging": "age", "older": "old", "elderly": "old", "sugary": "sugar",
    "stressed": "stress", "stressful": "stress", "sciatica": "sciatica", "gas": "gas",
    "leaves": "leave", "moving": "move", "lasts": "last", "lasting": "last", "lasted": "last",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a light stem: plurals, -ing and -ed removed where a known shape allows it."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 5 and word.endswith("ing"):
        base = word[:-3]
        return base[:-1] if base[-1] == base[-2] and base[-1] not in "lsz" else base
    if len(word) > 4 and word.endswith("ied"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("ed"):
        base = word[:-2]
        return base[:-1] if base[-1] == base[-2] and base[-1] not in "lsz" else base
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return word[:-1]
    return word


_EXACT: dict[tuple[str, ...], str] = {}
_STEMMED: dict[tuple[str, ...], str] = {}
for _form, _concept in _CONCEPTS.items():
    if _form[0][0] == "=":
        _EXACT[_form[0][1:], *_form[1:]] = _concept
    else:
        _EXACT.setdefault(_form, _concept)
        _STEMMED.setdefault(tuple(map(stem, _form)), _concept)
_LONGEST: dict[str, int] = {}
for _form in (*_EXACT, *_STEMMED):
    _LONGEST[_form[0]] = max(len(_form), _LONGEST.get(_form[0], 1))


def concept_at(words: Sequence[str], position: int) -> tuple[str, int]:
    """Return the concept that starts at ``position`` and how many words it takes up."""
    first = stem(words[position])
    longest = max(_LONGEST.get(words[position], 0), _LONGEST.get(first, 0))
    for size in range(min(longest, len(words) - position), 0, -1):
        span = tuple(words[position : position + size])
        found = _EXACT.get(span) or _STEMMED.get(tuple(map(stem, span)))
        if found:
            return found, size
    return first, 1


_LIGHT_STEMS = _LIGHT | {stem(word) for word in _LIGHT}
_CHATTER_STEMS = (_CHATTER | {stem(word) for word in _CHATTER}) - _LIGHT_STEMS


def is_light(key: str) -> bool:
    """Return whether a stem or concept is grammar or colour."""
    return key in _LIGHT_STEMS


def is_chatter(key: str) -> bool:
    """Return whether a stem or concept is an everyday word around a question."""
    return key in _CHATTER_STEMS
