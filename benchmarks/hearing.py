"""Costs of hearing: reading files, voice activity, recognition, recovery, hostile input.

    python -m benchmarks.hearing [--model FOLDER] [--audio FOLDER] [--only NAME ...]

``--model`` is a complete Vosk folder; without it the bundled model is made ready. Figures are
CPU or wall seconds of this machine, as each line says. Run it in the checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile
import vosk

from voiceskill import capture, models, paths, recognise_worker, wav
from voiceskill.confidence import transcript
from voiceskill.content.load import load
from voiceskill.errors import AudioError, RecogniserError
from voiceskill.events import Transcript, Utterance
from voiceskill.recognise import Recogniser
from voiceskill.settings import Settings
from voiceskill.vad import Vad

AUDIO = Path(__file__).resolve().parents[1] / "tests" / "audio"
SETTINGS = Settings()
SECOND_BYTES = 32_000


class Clock:
    """Seconds of one measurement."""

    wall = 0.0
    cpu = 0.0


@contextmanager
def clock() -> Iterator[Clock]:
    """Measure what happens inside."""
    found = Clock()
    wall, cpu = time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def recordings(folder: Path) -> list[Path]:
    """Return the recordings under ``folder`` that can be read."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac", ".ogg"))


def read_all(folder: Path) -> list[bytes]:
    """Return the PCM of every recording."""
    return [wav.read(path, SETTINGS) for path in recordings(folder)]


def seconds_of(audio: list[bytes]) -> float:
    """Return how long all of ``audio`` lasts."""
    return sum(map(len, audio)) / SECOND_BYTES


def measure_files(arguments: argparse.Namespace) -> None:
    """Read a minute of sound at several rates."""
    for rate_hz, channels in ((16_000, 1), (44_100, 2), (48_000, 2), (8_000, 1)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "minute.wav"
            noise = np.random.default_rng(0).normal(scale=0.1, size=(rate_hz * 60, channels))
            soundfile.write(path, noise, rate_hz, subtype="PCM_16")
            with clock() as spent:
                wav.read(path, SETTINGS)
        print(f"wav: 60 s at {rate_hz} Hz x {channels}: {spent.cpu * 1000:.0f} ms CPU")


def measure_vad(arguments: argparse.Namespace) -> None:
    """Run the voice activity detector over every recording."""
    audio = read_all(arguments.audio)
    vad = Vad()
    with clock() as spent:
        for pcm in audio:
            for frame in capture.frames_of(pcm):
                vad.probability(frame)
    share = spent.cpu / seconds_of(audio)
    print(f"vad: {share * 60:.2f} s CPU per minute, {share:.1%} of one core in real time")


def _two_pass(model: vosk.Model, pcm: bytes) -> dict[str, float]:
    """Return Vosk's own word confidences, from a pass without alternatives."""
    engine = vosk.KaldiRecognizer(model, 16_000)
    engine.SetWords(True)
    engine.AcceptWaveform(pcm)
    words = json.loads(engine.FinalResult()).get("result", [])
    return {f"{place} {word['word']}": word["conf"] for place, word in enumerate(words)}


def _one_pass(model: vosk.Model, pcm: bytes) -> tuple[Transcript, int]:
    stream = recognise_worker._Stream(model)
    for start in range(0, len(pcm), SECOND_BYTES):
        stream.feed(pcm[start : start + SECOND_BYTES], partial=False)
    heard = stream.finish()
    return transcript(heard.hypotheses), len(heard.hypotheses)


def measure_engine(arguments: argparse.Namespace) -> None:
    """Compare one pass with alternatives to a second pass for Vosk's own confidences."""
    vosk.SetLogLevel(-1)
    with clock() as loading:
        model = vosk.Model(model_path=str(arguments.model))
    print(
        f"engine: model loaded in {loading.cpu * 1000:.0f} ms CPU, {loading.wall * 1000:.0f} wall"
    )
    audio = [pcm for pcm in read_all(arguments.audio) if len(pcm) < 15 * SECOND_BYTES]
    one, two, differences, most, other = 0.0, 0.0, [], 0, 0
    for pcm in audio:
        with clock() as spent:
            heard, hypotheses = _one_pass(model, pcm)
        one += spent.cpu
        with clock() as spent:
            theirs = _two_pass(model, pcm)
        two += spent.cpu
        most = max(most, hypotheses)
        ours = {f"{at} {word.text}": word.confidence for at, word in enumerate(heard.words)}
        if ours.keys() == theirs.keys():
            differences += [abs(ours[word] - theirs[word]) for word in ours]
        else:
            other += 1
    length = seconds_of(audio)
    print(f"engine: {len(audio)} recordings, {length:.0f} s; real-time factor, CPU of one core:")
    print(f"  one pass, {recognise_worker.MOST_HYPOTHESES} alternatives: {one / length:.4f}")
    print(f"  second pass for confidences: +{two / length:.4f}")
    print(f"  most hypotheses of one recording: {most}")
    print(
        f"  confidences against the second pass: {len(differences)} words, mean difference "
        f"{statistics.mean(differences):.4f}, largest {max(differences):.4f}; the two passes "
        f"disagree about the words in {other} recordings"
    )
    for name, scale in (("silence", 0), ("noise", 2000)):
        noise = np.random.default_rng(0).normal(scale=scale, size=15 * 16_000).astype("<i2")
        with clock() as spent:
            _one_pass(model, noise.tobytes())
        print(f"  15 s of {name}: real-time factor {spent.cpu / 15:.4f}")


def measure_recovery(arguments: argparse.Namespace) -> None:
    """Hurt the worker in an utterance and time until the next transcript."""
    pcm = min(read_all(arguments.audio / "clean"), key=len)
    question = Utterance(pcm, 0.0, len(pcm) / SECOND_BYTES)
    with clock() as spent, Recogniser(arguments.model) as recogniser:
        recogniser.open().abandon()
        loaded = time.perf_counter()
        recogniser.transcribe(question)
        done = time.perf_counter()
    print(
        f"recovery: process start to ready {spent.wall - (done - loaded):.2f} s wall; "
        f"{question.end_seconds:.1f} s question in {done - loaded:.3f} s wall"
    )
    with Recogniser(arguments.model) as recogniser:
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGSTOP):
            stream = recogniser.open()
            stream.feed(pcm[:SECOND_BYTES])
            assert recogniser.worker_pid is not None
            with clock() as spent:
                os.kill(recogniser.worker_pid, number)
                try:
                    stream.feed(pcm[SECOND_BYTES : 2 * SECOND_BYTES])
                    stream.finish()
                except RecogniserError:
                    pass
                recogniser.open().abandon()
            print(f"recovery: {number.name} to ready again {spent.wall:.2f} s wall")


def measure_fuzz(arguments: argparse.Namespace) -> None:
    """Read 10,000 mutated recordings; every one must be audio or AudioError."""
    from tests.test_wav import mutated, seeds

    choose, good, read, slowest = random.Random(1), seeds(), 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated"
        for _ in range(10_000):
            path.write_bytes(mutated(choose.choice(good), choose))
            with clock() as spent:
                try:
                    wav.read(path, SETTINGS)
                    read += 1
                except AudioError:
                    pass
            slowest = max(slowest, spent.wall)
    print(f"fuzz: 10000 files, {read} read, {10_000 - read} refused, slowest {slowest:.3f} s wall")


MEASUREMENTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "files": measure_files,
    "vad": measure_vad,
    "engine": measure_engine,
    "recovery": measure_recovery,
    "fuzz": measure_fuzz,
}


def main() -> None:
    """Run the chosen measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--audio", type=Path, default=AUDIO)
    parser.add_argument("--only", nargs="*", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    arguments = parser.parse_args()
    if arguments.model is None and {"engine", "recovery"} & set(arguments.only):
        catalogue = load(paths.bundled("intents"))
        arguments.model = models.prepare(models.resolve(SETTINGS), catalogue, SETTINGS)
    for name in arguments.only:
        MEASUREMENTS[name](arguments)


if __name__ == "__main__":
    main()
