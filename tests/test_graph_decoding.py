"""The compiled graph in Vosk, with the bundled acoustic model, on speech made on the spot.

Vosk runs in a process of its own: it and kaldifst, which other tests load, deadlock in one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from voiceskill import paths
from voiceskill.graph.build import build_graph

RATE = 16_000
GAP_SECONDS = 0.6
SENTENCES = [
    "why are my legs cramping",
    "my left calf is cramping",
    "how do i stop a leg cramp",
    "does magnesium help",
    "stop",
    "say that again",
]
_VOSK = """
import json, sys, vosk
vosk.SetLogLevel(0)
model = vosk.Model(model_path=sys.argv[1])
results = []
for name in sys.argv[2:]:
    recogniser = vosk.KaldiRecognizer(model, 16000)
    recogniser.SetWords(True)
    recogniser.AcceptWaveform(open(name, "rb").read())
    results.append(json.loads(recogniser.FinalResult()))
print(json.dumps(results))
"""

pytestmark = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="the espeak-ng command is not installed"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    bundled = paths.bundled("models") / "en-cramp"
    if not (bundled / "am" / "final.mdl").exists():
        pytest.skip("the bundled acoustic model is not in this checkout")
    folder = tmp_path_factory.mktemp("model")
    for part in ("am", "conf"):
        (folder / part).symlink_to(bundled / part)
    build_graph(SENTENCES * 20, folder / "graph")
    return folder


def speak(text: str) -> np.ndarray:
    """Return ``text`` by espeak-ng at 16 kHz, silence around it cut off."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", "en-us", "-s", "140", "-w", file.name, text]
        subprocess.run(command, check=True)
        samples, rate = soundfile.read(file.name, dtype="float32")
    samples = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def recognise(model: Path, folder: Path, *recordings: np.ndarray) -> tuple[list[dict], str]:
    names = []
    for number, samples in enumerate(recordings):
        file = folder / f"{number}.raw"
        file.write_bytes((samples * 32_767).astype("<i2").tobytes())
        names.append(str(file))
    done = subprocess.run(
        [sys.executable, "-c", _VOSK, str(model), *names],
        capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def padded(*parts: np.ndarray) -> np.ndarray:
    gap = np.zeros(int(RATE * GAP_SECONDS), np.float32)
    return np.concatenate([gap, *(x for part in parts for x in (part, gap))])


def test_sentences_are_heard_and_vosk_has_nothing_to_complain_of(model, tmp_path):
    results, log = recognise(model, tmp_path, *(padded(speak(text)) for text in SENTENCES))
    heard = [result["text"] for result in results]
    assert sum(h == s for h, s in zip(heard, SENTENCES, strict=True)) >= len(SENTENCES) - 1, heard
    assert "WARNING" not in log and "ERROR" not in log, log


def test_word_times_are_those_of_the_words(model, tmp_path):
    """Words spoken one by one, so that where each begins and ends is known."""
    words = ["why", "are", "my", "legs", "cramping"]
    spoken = [speak(word) for word in words]
    (result,), _ = recognise(model, tmp_path, padded(*spoken))
    assert [word["word"] for word in result["result"]] == words
    at = GAP_SECONDS
    for heard, samples in zip(result["result"], spoken, strict=True):
        begin, end = at, at + len(samples) / RATE
        at = end + GAP_SECONDS
        # The network hears a phone near its middle and may let blanks run on a little.
        assert begin - 0.15 <= heard["start"] <= begin + 0.25, (heard, begin, end)
        assert end - 0.25 <= heard["end"] <= end + 0.40, (heard, begin, end)
        assert 0.5 < heard["conf"] <= 1.0


def test_speech_outside_the_content_is_unknown(model, tmp_path):
    off_topic = ["the quick brown fox jumped over the fence", "volcanoes erupted in portugal"]
    results, _ = recognise(model, tmp_path, *(padded(speak(text)) for text in off_topic))
    for result in results:
        assert "<unk>" in result["text"].split(), result["text"]
