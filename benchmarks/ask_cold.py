"""How long ``voiceskill ask FILE`` takes from nothing, and how much memory all its processes use.

    python -m benchmarks.ask_cold [--runs 10] [FILE]

Each run is a fresh process with a warm cache folder (the graph compiled, as after the first run
ever) and without a loudspeaker, because playing takes as long as the answer is. Wall and CPU time
are of the whole process tree; memory is the largest sum of resident sizes seen in it, which counts
shared pages once per process and so errs on the high side.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUESTION = ROOT / "tests" / "audio" / "special" / "question.wav"
SAMPLE_SECONDS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Run:
    """One cold start."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def resident_bytes(pid: int) -> int:
    """Return the resident size of a process and everything below it; gone ones count nothing."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0
    return pages * PAGE_BYTES + sum(resident_bytes(int(child)) for child in children)


def ask(recording: Path, environment: dict[str, str], *options: str) -> Run:
    """Ask once and measure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "voiceskill", "ask", str(recording), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment,
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident_bytes(process.pid))
        time.sleep(SAMPLE_SECONDS)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0 and process.stderr is not None:
        sys.exit(process.stderr.read().decode())
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Run(wall, cpu, peak)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("recording", nargs="?", type=Path, default=QUESTION)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--no-speech", action="store_true", help="leave the speech processes out")
    given = parser.parse_args()
    options = ["--no-speech"] if given.no_speech else []
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "VOICESKILL_CACHE": cache}
        first = ask(given.recording, {**environment}, "--no-speech")
        runs = [ask(given.recording, environment, *options) for _ in range(given.runs)]
    wall = sorted(run.wall_seconds for run in runs)
    print(f"first run ever, graph compiled: {first.wall_seconds:.2f} s")
    print(f"wall: median {statistics.median(wall):.2f} s, slowest of {len(wall)} {wall[-1]:.2f} s")
    print(f"CPU, all processes: median {statistics.median(r.cpu_seconds for r in runs):.2f} s")
    print(f"peak memory, all processes: {max(r.peak_bytes for r in runs) / 1e6:.0f} MB")
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load average meanwhile {load:.1f}")


if __name__ == "__main__":
    main()
