"""Speed, start-up and memory of the recogniser over the recorded fixtures.

    python benchmarks/recognition.py [--manifest tests/audio/manifest.toml] [--model NAME] [--json]

The recogniser's process and this one are held to one core. Every recording is decoded whole (cut
at the longest utterance), pauses and noise included, so the factor is that of decoding and not of
how little there was to decode.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from voiceskill import models, paths, wav  # noqa: E402
from voiceskill.content import load  # noqa: E402
from voiceskill.errors import RecogniserError, VoiceskillError  # noqa: E402
from voiceskill.evaluate_sets import load_audio  # noqa: E402
from voiceskill.events import SAMPLE_RATE_HZ, Utterance  # noqa: E402
from voiceskill.recognise import Recogniser  # noqa: E402
from voiceskill.settings import Settings  # noqa: E402


def memory_mib(process: int, kind: str) -> float:
    """Return ``VmHWM`` (peak) or ``VmRSS`` (now) of a process, in MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(rf"^{kind}:\s+(\d+) kB", status, re.MULTILINE)
    if found is None:
        raise SystemExit(f"/proc/{process}/status has no {kind}")
    return int(found.group(1)) / 1024


def quantile(values: list[float], share: float) -> float:
    """Return the nearest-rank quantile."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(folder: Path, manifest: Path, settings: Settings) -> dict[str, float]:
    """Decode every recording named by ``manifest``."""
    factors, seconds, spent, failed = [], 0.0, 0.0, 0
    longest = int(settings.longest_utterance_seconds * SAMPLE_RATE_HZ) * 2
    with Recogniser(folder) as recogniser:
        started = time.perf_counter()
        recogniser.start()
        recogniser.open().abandon()
        loading = time.perf_counter() - started
        worker = recogniser.worker_pid
        if worker is None:
            raise SystemExit("the recogniser has no process")
        loaded = memory_mib(worker, "VmRSS")
        for case in load_audio(manifest):
            if case.audio is None:
                continue
            pcm = wav.read(case.audio, settings)
            for start in range(0, len(pcm), longest):
                piece = pcm[start : start + longest]
                length = len(piece) / 2 / SAMPLE_RATE_HZ
                started = time.perf_counter()
                try:
                    recogniser.transcribe(Utterance(piece, 0.0, length))
                except RecogniserError:
                    failed += 1
                    continue
                elapsed = time.perf_counter() - started
                factors.append(elapsed / length)
                seconds, spent = seconds + length, spent + elapsed
        peak = memory_mib(worker, "VmHWM")
    return {
        "utterances": len(factors),
        "given_up": failed,
        "audio_seconds": seconds,
        "real_time_factor": spent / seconds,
        "real_time_factor_median": quantile(factors, 0.5),
        "real_time_factor_p95": quantile(factors, 0.95),
        "load_seconds": loading,
        "memory_loaded_mib": loaded,
        "memory_peak_mib": peak,
    }


def main() -> int:
    """Print the figures; returns the exit code of an expected error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifest", type=Path, default=ROOT / "tests/audio/manifest.toml")
    parser.add_argument("--model", default="", help="name or folder; default: the best installed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    settings = Settings(model=options.model)
    try:
        model = models.resolve(settings)
        folder = models.prepare(model, load.load(paths.bundled("intents")), settings)
        found = measure(folder, options.manifest, settings)
    except VoiceskillError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    found["model_mib"] = (
        sum(path.stat().st_size for path in model.folder.rglob("*") if path.is_file()) / 2**20
    )
    found["graph_mib"] = (
        sum(path.stat().st_size for path in (folder / "graph").rglob("*") if path.is_file()) / 2**20
    )
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    print(
        f"model {model.name}, one core of {platform.machine()}, Python {platform.python_version()}"
    )
    for name, value in found.items():
        print(f"{name.replace('_', ' '):26} {value:10.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
