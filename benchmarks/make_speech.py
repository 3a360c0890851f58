"""Speak the test half of the text sets with the reserved voices, as a larger recorded set.

    python benchmarks/make_speech.py --out DIR [--voices joe,ked,rms] [--limit N]
    voiceskill evaluate --audio DIR/manifest.toml --noise babble --snr 10,5 --jobs 2

Each sentence is spoken by one voice, in turn. Nothing of it is committed. Sentences of the dev half
are left out, so that what is measured was never calibrated on. Needs the packages named in
tests/audio/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "audio")]

import speakers  # noqa: E402
import treatments  # noqa: E402

from voiceskill.evaluate_noise import seed_of  # noqa: E402
from voiceskill.evaluate_sets import Case, Expect, Half, load_text  # noqa: E402

SETS = ("in_domain", "off_topic", "red_flags")
BEFORE_SECONDS, AFTER_SECONDS = 0.25, 0.75


def entry(case: Case, file: str, voice: str) -> str:
    """One manifest entry; JSON strings and lists are valid TOML."""
    lines = ["[[fixture]]", f"file = {json.dumps(file)}", f"text = {json.dumps(case.text)}"]
    lines.append(f"voice = {json.dumps(voice)}")
    if case.expect is Expect.REFUSAL:
        lines.append("refusal = true")
    else:
        lines.append(f"{case.expect.value} = {json.dumps(case.accepted[0])}")
        if case.accepted[1:]:
            lines.append(f"also = {json.dumps(list(case.accepted[1:]))}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write DIR/manifest.toml and the recordings beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--voices", default="joe,ked,rms")
    parser.add_argument("--kokoro-voices", type=Path, default=Path("kokoro-js/package/voices"))
    parser.add_argument("--limit", type=int, help="only every n-th sentence, to about this many")
    options = parser.parse_args()
    known = speakers.reserved(options.kokoro_voices)
    voices = options.voices.split(",")
    entries = []
    for name in SETS:
        cases = [
            c for c in load_text(ROOT / f"tests/utterances/{name}.toml") if c.half is Half.TEST
        ]
        step = max(1, len(cases) * len(SETS) // options.limit) if options.limit else 1
        for number, case in enumerate(cases[::step]):
            voice = voices[number % len(voices)]
            file = f"{name}/{voice}-{seed_of(voice, case.text):08x}.flac"
            path = options.out / file
            if not path.exists():
                speech = treatments.trimmed(known[voice](case.text, 1.0))
                speech = treatments.padded(
                    treatments.levelled(speech), BEFORE_SECONDS, AFTER_SECONDS
                )
                speech = speech + treatments.room_tone(len(speech), seed_of(file))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(speakers.encoded(speech, speakers.RATE_HZ, "PCM_16", "FLAC"))
            entries.append(entry(case, file, voice))
    manifest = options.out / "manifest.toml"
    manifest.write_text("\n".join(entries), encoding="utf-8")
    print(f"{len(entries)} recordings in {manifest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
