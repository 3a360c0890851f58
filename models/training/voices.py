"""The cheap voices: hibari, flite, festival and espeak-ng, each many times faster than speech."""

from __future__ import annotations

import random
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.float32]
RATE = 16_000

RESERVED_VOICES = ("flite:rms", "festival:ked_diphone", "piper:joe")
"""Never in the corpus: the unseen test voices."""

FLITE = ("kal16", "awb", "slt")
FESTIVAL = {"kal_diphone": "voice_kal_diphone", "slt_hts": "voice_cmu_us_slt_arctic_hts"}
ESPEAK_ACCENTS = [
    "en-us",
    "en-us",
    "en-gb",
    "en-gb",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-rp",
    "en-gb-x-gbcwmd",
    "en-029",
    "en-us-nyc",
]
ESPEAK_VARIANTS = (
    *(f"m{n}" for n in range(1, 9)),
    *(f"f{n}" for n in range(1, 6)),
    "croak",
    "whisper",
    "whisperf",
)


@dataclass(frozen=True, slots=True)
class Order:
    """One utterance to be spoken."""

    identifier: str
    engine: str
    text: str


def _read(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    if samples.ndim > 1:
        samples = samples[:, 0]
    return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


@lru_cache(maxsize=1)
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari()


def hibari(text: str, rng: random.Random) -> tuple[str, Samples]:
    """Speak with hibari's American voice at a random pace."""
    mark = rng.choice((".", "?", "!", ""))
    speed = rng.triangular(0.75, 1.35, 1.0)
    audio = _hibari()(text + mark, speed=speed, seed=rng.randrange(1 << 30))
    return "hibari:heart", np.asarray(soxr.resample(audio, 24_000, RATE), np.float32)


def flite(text: str, rng: random.Random) -> tuple[str, Samples]:
    """Speak with a flite voice at a random pace and pitch."""
    voice = rng.choice(FLITE)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "a.wav"
        stretch = f"duration_stretch={rng.uniform(0.8, 1.3):.2f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(wav)]
        subprocess.run(command, check=True, capture_output=True)
        return f"flite:{voice}", _read(wav)


def espeak(text: str, rng: random.Random) -> tuple[str, Samples]:
    """Speak with an espeak-ng accent and voice variant at a random pace and pitch."""
    accent, variant = rng.choice(ESPEAK_ACCENTS), rng.choice(ESPEAK_VARIANTS)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "a.wav"
        pace, pitch = str(rng.randint(125, 195)), str(rng.randint(25, 75))
        options = ["-v", f"{accent}+{variant}", "-s", pace, "-p", pitch, "-w", str(wav)]
        subprocess.run(["espeak-ng", *options, text], check=True, capture_output=True)
        return f"espeak:{accent}+{variant}", _read(wav)


def festival_batch(orders: list[Order], rng: random.Random) -> list[tuple[Order, str, Samples]]:
    """Speak many sentences with one festival voice in one process (it starts slowly)."""
    name = rng.choice(sorted(FESTIVAL))
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"({FESTIVAL[name]})"]
        for number, order in enumerate(orders):
            if name == "kal_diphone":
                lines.append(f"(Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.3):.2f})")
            sentence = order.text.replace('"', "")
            lines.append(f'(set! u (Utterance Text "{sentence}")) (utt.synth u)')
            lines.append(f'(utt.save.wave u "{folder}/{number}.wav" \'riff)')
        script = Path(folder) / "batch.scm"
        script.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)
        return [
            (order, f"festival:{name}", _read(Path(folder) / f"{number}.wav"))
            for number, order in enumerate(orders)
            if (Path(folder) / f"{number}.wav").exists()
        ]
