"""A small content folder on disk, and a way to break one place of it."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "slots.toml": """
lead_ins = ["please"]
[rules]
ow = "(ow|ouch)"
[[slot]]
name = "part"
[[slot.value]]
id = "calf"
say = ["calf", "lower leg"]
lists = ["legs"]
[[slot.value]]
id = "hand"
say = ["hand"]
[[slot]]
name = "time"
[[slot.value]]
id = "night"
say = ["at night"]
""",
    "why.toml": """
topic = "why"
anchors = ["cramp", "{part}"]
[[intent]]
id = "why.legs"
title = "Why do my legs cramp?"
templates = ["why does my {legs:part} cramp", "why do i cramp"]
say = ["Calves cramp most."]
evidence = "consensus"
sources = ["S1"]
reviewed = 2026-11-22
specialise = [{ when = { time = "night" }, answer_as = "why.night" }]

[[intent]]
id = "why.night"
title = "Why at night?"
templates = ["why do i cramp {time}"]
say = ["The calf is short in bed."]
evidence = "general knowledge"
reviewed = 2026-11-22
routine = "R1"
notes = [{ say = "Check it today.", when = { part = "calf" } }]
follow_on = ["why.legs"]
""",
    "relief.toml": """
topic = "relief"
[[intent]]
id = "relief.calf"
title = "Help"
templates = ["<ow> my {calf:part}"]
say = ["Pull your toes up."]
evidence = "consensus"
sources = ["S1"]
reviewed = 2026-11-22
""",
    "routines.toml": """
preflight = ["Stretch gently."]
[[routine]]
id = "R1"
title = "Calf"
do_not_start = ["Not with a new injury."]
stop_if = ["Stop when it hurts."]
evidence = "consensus"
sources = ["S1"]
reviewed = 2026-11-22
[[routine.step]]
say = ["Pull."]
hold_seconds = 10
""",
    "negatives.toml": """
[[redirect]]
id = "belly"
say = ["That sounds like belly cramp."]
[[negative]]
redirect = "belly"
templates = ["my stomach cramps"]
""",
    "phrases.toml": """
say_again = ["Please say that again."]
choices = ["Say help."]
off_topic = ["I only know cramp."]
nothing_to_repeat = ["Nothing yet."]
not_reviewed = ["Not reviewed."]
""",
    "sources.toml": """
[S1]
title = "A source"
url = "https://example.org"
""",
    "red_flags.toml": """
[regions.uk]
emergency = "9 9 9"
urgent = "call 1 1 1"
crisis = "a crisis line"
[regions.us]
emergency = "9 1 1"
urgent = "call your doctor"
crisis = "9 8 8"
[regions.eu]
emergency = "1 1 2"
urgent = "call a doctor"
crisis = "a crisis line"
[regions.unset]
emergency = "your local emergency number"
urgent = "call a doctor"
crisis = "a crisis line"
[lines.emergency]
action = "Call {emergency} now."
[lines.today]
action = "Get advice today."
[lines.routine]
action = "Book your doctor."
[lines.crisis]
action = "Call {crisis} now."
[words]
chest = ["chest"]
[[flag]]
id = "F1"
name = "chest"
check = "Does your chest hurt?"
evidence = "general knowledge"
reviewed = 2026-11-22
examples = [
  "my chest hurts", "chest pain", "pain in my chest", "my chest is tight", "tight chest",
  "chest hurting", "it hurts in my chest", "a pain across my chest", "my chest aches",
  "chest is sore", "chest hurts badly", "hurting chest",
]
[[flag.tier]]
urgency = "emergency"
say = ["It could be your heart."]
[[flag.when]]
all = ["<chest>"]
""",
    "thresholds.toml": """
accept_score = 78.0
margin = 4.0
anchor_confidence = 0.5
mean_confidence = 0.5
unknown_share = 0.3
calibrated = 2026-11-22
command = "by hand"
""",
}


def write(folder: Path, **broken: tuple[str, str]) -> Path:
    """Write the small content into ``folder``/en and return that.

    ``broken`` names a file (without suffix) and what to replace by what in it.
    """
    language = folder / "intents" / "en"
    language.mkdir(parents=True)
    for name, text in FILES.items():
        old, new = broken.get(name.removesuffix(".toml"), ("", ""))
        if old and old not in text:
            raise ValueError(f"{old!r} is not in {name}")
        (language / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return language
