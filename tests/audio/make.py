"""Make the recorded fixtures again from manifest.toml.

    python tests/audio/make.py [--kokoro-voices DIR] [--only GLOB] [--force] [--spoken DIR]

Files that exist are left alone without ``--force``. The engines and where to get them are in
README.md. All noise is seeded by the file's name; the engines used are deterministic on one
machine (Piper with its noise off), and may differ in the last bits on another.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import speakers
import treatments

from voiceskill import evaluate_noise

HERE = Path(__file__).resolve().parent
PAUSE_SECONDS = 0.8
BEFORE_SECONDS, AFTER_SECONDS = 0.25, 0.75
NOISE_ONLY_SECONDS, SILENCE_SECONDS = 3.0, 4.0
NOISE_ONLY_DBFS = -30.0
CONTAINERS = {".flac": "FLAC", ".wav": "WAV", ".ogg": "OGG"}

BABBLE_SECONDS = 20.0
BABBLE = (
    ("slt", "The minutes of the last meeting were read out and agreed by everybody present."),
    ("awb", "There is a queue at the counter, so take a ticket and find yourself a chair."),
    ("kal16", "We drove along the coast road and stopped for lunch beside the harbour."),
    ("en-gb+f2", "The parcel ought to arrive on Thursday, unless the post is late again."),
    ("en-us+m3", "He painted the kitchen yellow, and then he painted it green the week after."),
    ("en-gb-scotland+m5", "They were talking about the election and the price of bread."),
    ("en-us+f4", "My niece plays the violin in a small orchestra somewhere in the north."),
    ("en-gb-x-rp+m1", "The library has moved to the other side of the square, near the bank."),
)
"""Talkers of the background babble (none of them a fixture's voice) and what they say."""


@cache
def babble() -> np.ndarray:
    """Eight people talking at once, each saying one sentence over and over."""
    length = int(BABBLE_SECONDS * speakers.RATE_HZ)
    crowd = np.zeros(length)
    for place, (voice, sentence) in enumerate(BABBLE):
        engine = speakers.espeak if voice.startswith("en") else speakers.flite
        spoken = treatments.trimmed(engine(voice)(sentence, 1.0 + 0.04 * (place % 3)))
        spoken = treatments.padded(treatments.levelled(spoken), 0.0, 0.15)
        crowd += evaluate_noise.fitted(spoken, length, evaluate_noise.seed_of("babble", place))
    return crowd


def noise_of(name: str, length: int, seed: int) -> np.ndarray:
    """``length`` samples of a named noise."""
    if name == "babble":
        return evaluate_noise.fitted(babble(), length, seed)
    seconds = length / speakers.RATE_HZ + 0.1
    return evaluate_noise.GENERATORS[name](seconds, seed)[:length]


class Maker:
    """Makes fixtures one after another; sentences spoken before are kept for the next."""

    def __init__(self, styles: Path, spoken: Path | None = None) -> None:
        """``spoken``: a folder that keeps the clean sentences from one run to the next."""
        self._speakers = speakers.reserved(styles)
        self._spoken: dict[tuple[str, str, float], np.ndarray] = {}
        self._folder = spoken

    def make(self, fixture: dict[str, Any]) -> bytes:
        """The bytes of one fixture's file."""
        seed = evaluate_noise.seed_of(fixture["file"])
        samples = self._speech(fixture, seed) if fixture["text"] else self._empty(fixture, seed)
        rate_hz = fixture.get("rate_hz", speakers.RATE_HZ)
        if rate_hz != speakers.RATE_HZ or fixture.get("channels", 1) != 1:
            samples = treatments.resampled(samples, rate_hz, fixture.get("channels", 1))
        container = CONTAINERS[Path(fixture["file"]).suffix]
        return speakers.encoded(samples, rate_hz, fixture.get("subtype", "PCM_16"), container)

    def _speech(self, fixture: dict[str, Any], seed: int) -> np.ndarray:
        speed = fixture.get("speed", 1.0)
        parts = [self._say(fixture["voice"], p, speed) for p in fixture["text"].split("|")]
        joined = parts[0]
        for part in parts[1:]:
            joined = np.concatenate([treatments.padded(joined, 0.0, PAUSE_SECONDS), part])
        speech = treatments.levelled(joined)
        asked = fixture.get("treatment", [])
        if "no_margins" not in asked:
            speech = treatments.padded(speech, BEFORE_SECONDS, AFTER_SECONDS)
        for name in asked:
            speech = treatments.TREATMENTS.get(name, lambda samples: samples)(speech)
        if "noise" not in fixture:
            return np.clip(speech + treatments.room_tone(len(speech), seed), -1.0, 1.0)
        noise = noise_of(fixture["noise"], len(speech), seed)
        return evaluate_noise.mix(speech, noise, fixture["snr_db"])

    def _say(self, voice: str, sentence: str, speed: float) -> np.ndarray:
        key = (voice, sentence.strip(), speed)
        if key not in self._spoken:
            self._spoken[key] = treatments.trimmed(self._kept(*key))
        return self._spoken[key]

    def _kept(self, voice: str, sentence: str, speed: float) -> np.ndarray:
        name = f"{voice}-{evaluate_noise.seed_of(voice, sentence, speed):08x}.npy"
        file = self._folder / name if self._folder else None
        if file and file.exists():
            return np.load(file)
        spoken = np.asarray(self._speakers[voice](sentence, speed), dtype=np.float64)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, spoken)
        return spoken

    def _empty(self, fixture: dict[str, Any], seed: int) -> np.ndarray:
        if "noise" in fixture:
            length = int(NOISE_ONLY_SECONDS * speakers.RATE_HZ)
            return treatments.levelled(noise_of(fixture["noise"], length, seed), NOISE_ONLY_DBFS)
        length = int(SILENCE_SECONDS * speakers.RATE_HZ)
        if "room_tone" in fixture["treatment"]:
            return treatments.room_tone(length, seed)
        return np.zeros(length)


def main() -> int:
    """Make what is asked for; returns 1 when a voice was missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kokoro-voices", type=Path, default=Path("kokoro-js/package/voices"))
    parser.add_argument("--only", default="*/*", help="glob below tests/audio")
    parser.add_argument("--force", action="store_true", help="make files that exist again")
    parser.add_argument("--spoken", type=Path, help="folder that keeps clean speech between runs")
    options = parser.parse_args()
    fixtures = tomllib.loads((HERE / "manifest.toml").read_text(encoding="utf-8"))["fixture"]
    maker, missing, made, started = (
        Maker(options.kokoro_voices, options.spoken),
        0,
        0,
        time.monotonic(),
    )
    for fixture in fixtures:
        path = HERE / fixture["file"]
        if not path.match(options.only) or (path.exists() and not options.force):
            continue
        try:
            content = maker.make(fixture)
        except speakers.MissingVoiceError as error:
            print(f"skipped {fixture['file']}: {error}", file=sys.stderr)
            missing += 1
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        made += 1
    total = sum(
        (HERE / fixture["file"]).stat().st_size
        for fixture in fixtures
        if (HERE / fixture["file"]).exists()
    )
    print(
        f"{made} made, {missing} skipped, {len(fixtures)} named, {total / 1e6:.1f} MB in all, "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
