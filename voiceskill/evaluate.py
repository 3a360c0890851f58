"""Measure the whole program on sentences and recordings.

Every case is asked in a fresh conversation, and its noise depends on its name only, so the figures
are the same for any number of jobs; only the timings differ.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np

from voiceskill import evaluate_noise, wav
from voiceskill.errors import EvaluationError, RecogniserError, VoiceskillError
from voiceskill.evaluate_report import Report
from voiceskill.evaluate_score import Cause, Outcome, Result, judge, word_errors
from voiceskill.evaluate_sets import Case, Half, load_audio, load_text, with_noise
from voiceskill.events import SAMPLE_RATE_HZ
from voiceskill.settings import Settings
from voiceskill.skill import Answer, Skill

GENERATED_NOISE_SECONDS = 30.0
RETRIES = 2

Progress = Callable[[int, int], None]
"""Called with how many cases are done, of how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    text_sets: tuple[Path, ...] = ()
    audio_manifests: tuple[Path, ...] = ()
    half: Half | None = None
    """Only this half; none: both."""
    noise: tuple[str, ...] = ()
    """Generators of ``evaluate_noise`` or audio files, mixed into every clean recording."""
    snrs_db: tuple[float, ...] = ()

    def cases(self) -> list[Case]:
        """Read the sets. Raises EvaluationError when there is nothing to measure."""
        for name in self.noise:
            _noise(name)
        found = [case for path in self.text_sets for case in load_text(path)]
        recorded = [case for path in self.audio_manifests for case in load_audio(path)]
        found += recorded
        for name in self.noise:
            found += with_noise(recorded, name, self.snrs_db)
        chosen = [case for case in found if self.half in (None, case.half)]
        if not chosen:
            raise EvaluationError(
                "There is nothing to measure.", "Give --text FILE or --audio MANIFEST."
            )
        return chosen


def evaluate(
    plan: Plan, settings: Settings, jobs: int = 1, progress: Progress | None = None
) -> Report:
    """Ask every case of ``plan`` and return what came of it.

    Raises EvaluationError for a set or noise that cannot be used, and whatever the pipeline
    raises when it cannot run at all, such as ModelError.
    """
    cases = plan.cases()
    found: dict[int, Result] = {}
    results = _here(cases, settings) if jobs <= 1 else _spread(cases, settings, jobs)
    for number, result in results:
        found[number] = result
        if progress is not None:
            progress(len(found), len(cases))
    return Report(tuple(found[number] for number in range(len(cases))))


def _here(cases: Sequence[Case], settings: Settings) -> Iterator[tuple[int, Result]]:
    with Skill(settings) as skill, tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            yield number, _ask(skill, case, settings, Path(folder))


def _spread(cases: Sequence[Case], settings: Settings, jobs: int) -> Iterator[tuple[int, Result]]:
    """Deal the cases to ``jobs`` processes in turn and yield results as they come."""
    spawn = multiprocessing.get_context("spawn")
    workers, pipes = [], []
    for job in range(min(jobs, len(cases))):
        mine, theirs = spawn.Pipe(duplex=False)
        numbered = list(enumerate(cases))[job::jobs]
        worker = spawn.Process(target=_worker, args=(theirs, numbered, settings))
        worker.start()
        theirs.close()
        workers.append(worker)
        pipes.append(mine)
    try:
        yield from _collect(pipes)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _collect(pipes: list[Connection]) -> Iterator[tuple[int, Result]]:
    open_pipes: list[Connection] = list(pipes)
    while open_pipes:
        for pipe in wait(open_pipes):
            assert isinstance(pipe, Connection)
            try:
                message = pipe.recv()
            except EOFError as error:
                raise EvaluationError(
                    "A worker process of the evaluation died.", "Try again with --jobs 1."
                ) from error
            if message is None:
                open_pipes.remove(pipe)
            elif isinstance(message, VoiceskillError):
                raise message
            else:
                yield message


def _worker(pipe: Connection, numbered: list[tuple[int, Case]], settings: Settings) -> None:
    try:
        for place, result in _here([case for _, case in numbered], settings):
            pipe.send((numbered[place][0], result))
        pipe.send(None)
    except VoiceskillError as error:
        pipe.send(error)


def _ask(skill: Skill, case: Case, settings: Settings, folder: Path) -> Result:
    """Put one case to the program as if nobody had asked anything before."""
    skill.forget()
    path, length = _recording(case, settings, folder) if case.audio else (None, 0.0)
    started = time.perf_counter()
    try:
        answer = skill.ask_text(case.text) if path is None else _patiently(skill, path)
    except RecogniserError as error:
        errors, words = word_errors(case.text, "")
        return Result(case, Outcome.FAILED, "", None, None, error.message, 0.0, errors, words)
    seconds = time.perf_counter() - started
    heard = answer.transcript.text
    errors, words = word_errors(case.text, heard) if path else (0, 0)
    outcome = judge(case, answer.intent, answer.red_flag)
    return Result(
        case=case,
        outcome=outcome,
        heard=heard,
        intent=answer.intent,
        red_flag=answer.red_flag,
        reason=answer.reason.value if answer.reason else None,
        score=answer.score,
        word_errors=errors,
        words=words,
        audio_seconds=length,
        stage_seconds={**answer.stage_seconds, "total": seconds},
        cause=_cause(skill, case, heard) if path and outcome is not Outcome.RIGHT else None,
        transcript=answer.transcript,
    )


def _cause(skill: Skill, case: Case, heard: str) -> Cause:
    """Return where a recording went wrong, found by typing what was said in it."""
    if case.text and not heard:
        return Cause.DETECTION
    skill.forget()
    typed = skill.ask_text(case.text)
    right = judge(case, typed.intent, typed.red_flag) is Outcome.RIGHT
    return Cause.RECOGNITION if right else Cause.UNDERSTANDING


def _patiently(skill: Skill, path: Path) -> Answer:
    """Ask a recording, again where a busy machine made the recogniser miss its deadline.

    A recording that harms the recogniser does so every time, and that error is raised.
    """
    for _ in range(RETRIES):
        try:
            return skill.ask(path)
        except RecogniserError:
            skill.forget()
    return skill.ask(path)


def _recording(case: Case, settings: Settings, folder: Path) -> tuple[Path, float]:
    """Return the file to ask and its length; with noise to mix in, a new one in ``folder``."""
    assert case.audio is not None
    pcm = wav.read(case.audio, settings)
    length = len(pcm) / 2 / SAMPLE_RATE_HZ
    if case.mix is None or case.snr_db is None:
        return case.audio, length
    speech = np.frombuffer(pcm, dtype="<i2") / 32768.0
    seed = evaluate_noise.seed_of(case.name, case.snr_db)
    noise = evaluate_noise.fitted(_noise(case.mix), len(speech), seed)
    mixed = evaluate_noise.mix(speech, noise, case.snr_db)
    path = folder / "mixed.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(np.round(mixed * 32767).astype("<i2").tobytes())
    return path, length


@lru_cache(maxsize=8)
def _noise(name: str) -> evaluate_noise.Samples:
    """Return a named noise, made or read from a file."""
    if name in evaluate_noise.GENERATORS:
        seed = evaluate_noise.seed_of(name)
        return evaluate_noise.GENERATORS[name](GENERATED_NOISE_SECONDS, seed)
    if not Path(name).is_file():
        known = ", ".join(evaluate_noise.GENERATORS)
        raise EvaluationError(
            f"There is no noise called '{name}'.", f"Choose one of {known}, or an audio file."
        )
    return np.frombuffer(wav.read(Path(name), Settings()), dtype="<i2") / 32768.0
