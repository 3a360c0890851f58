"""Building a graph safely: in a process of its own, cached, published by rename.

A graph is a function of the sentences, the options, the dictionary and this compiler. Its digest
covers all four, so a folder that holds a graph with the wanted digest is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import msgspec

from voiceskill.errors import GraphError
from voiceskill.graph.options import GraphOptions
from voiceskill.graph.topology import FINGERPRINT

COMPILER_VERSION = 1
"""Raised whenever the same input gives another graph."""

REPORT_FILE = "report.json"
GRAPH_FILE = "HCLG.fst"
TIMEOUT_SECONDS = 240.0
"""A build takes about two seconds of one core; the rest is for a machine that is very busy."""

_ABANDONED_SECONDS = 3600.0


class GraphReport(msgspec.Struct, frozen=True):
    """What was built; ``report.json`` in the graph's folder."""

    digest: str
    """Of everything that the graph depends on; equal digests are equal graphs."""
    sentences: int
    words: int
    """Different words, ``<unk>`` included."""
    states: int
    arcs: int
    bytes: int
    """Size of ``HCLG.fst``."""
    seconds: float
    """From the sentences to the files, in the compiler's process."""
    cached: bool = False
    """True when the folder already held this graph."""


class Problem(msgspec.Struct, frozen=True):
    """How the compiler's process tells of a GraphError."""

    message: str
    hint: str = ""


def graph_digest(sentences: Sequence[str], options: GraphOptions | None = None) -> str:
    """Return the digest of the graph that these sentences and options give.

    A folder named after it never has to be replaced, so a process that is reading it is safe.
    """
    digest = hashlib.sha256()
    data = files("voiceskill.graph").joinpath("data")
    for part in (
        str(COMPILER_VERSION).encode(),
        FINGERPRINT.encode(),
        data.joinpath("cmudict.txt.gz").read_bytes(),
        data.joinpath("supplement.txt").read_bytes(),
        msgspec.json.encode(options or GraphOptions(), order="deterministic"),
        "\n".join(sentences).encode(),
    ):
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def build_graph(
    sentences: Sequence[str],
    out: Path,
    options: GraphOptions | None = None,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> GraphReport:
    """Put the graph of ``sentences`` into the folder ``out``, as Vosk reads it.

    ``sentences`` are normalised (``text.normalise``); one that comes twice weighs twice. ``out``
    gets ``HCLG.fst``, ``words.txt``, ``phones.txt``, ``phones/word_boundary.int`` and
    ``report.json``, all at once or not at all; an older graph there is replaced, and stays when
    the build fails. Builders of one folder wait for each other.

    Raises GraphError, with the next step, when the sentences cannot be compiled, when the
    compiler's process dies or is late, and when the folder cannot be written.
    """
    options = options or GraphOptions()
    digest = graph_digest(sentences, options)
    deadline = time.monotonic() + timeout_seconds
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        with _locked(out, deadline):
            found = read_report(out)
            if found is not None and found.digest == digest:
                return msgspec.structs.replace(found, cached=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", suffix=".part", dir=out.parent))
            try:
                report = _compile(sentences, options, digest, staging, deadline)
                _publish(staging / "graph", out)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise GraphError(
            f"The graph could not be written to {out}: {error.strerror or error}.",
            "Make room there, or choose a folder that can be written.",
        ) from error
    return report


def read_report(folder: Path) -> GraphReport | None:
    """Return the report of a complete graph in ``folder``, or None when there is none."""
    try:
        report = msgspec.json.decode((folder / REPORT_FILE).read_bytes(), type=GraphReport)
        complete = (folder / GRAPH_FILE).stat().st_size == report.bytes
        complete &= (folder / "words.txt").stat().st_size > 0
        complete &= (folder / "phones" / "word_boundary.int").stat().st_size > 0
    except (OSError, msgspec.DecodeError):
        return None
    return report if complete else None


def _compile(
    sentences: Sequence[str], options: GraphOptions, digest: str, staging: Path, deadline: float
) -> GraphReport:
    """Run the compiler's process; it leaves a folder ``graph`` in ``staging``."""
    (staging / "sentences.txt").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    (staging / "options.json").write_bytes(msgspec.json.encode(options))
    command = [sys.executable, "-P", "-m", "voiceskill.graph", "compile", str(staging), digest]
    # The child must find this package wherever the parent found it.
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(deadline - time.monotonic(), 0.1),
            env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(staging)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GraphError(
            "Compiling the content took too long and was stopped.",
            "Try again when the machine is less busy, or sample fewer sentences.",
        ) from None
    if done.returncode == GraphError.exit_code:
        problem = msgspec.json.decode(done.stdout, type=Problem)
        raise GraphError(problem.message, problem.hint)
    report = read_report(staging / "graph") if done.returncode == 0 else None
    if report is None:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise GraphError(
            f"The graph compiler stopped with status {done.returncode}: {''.join(last)}",
            "Free some memory and try again; if it stays, report it with the content.",
        )
    return report


def _publish(graph: Path, out: Path) -> None:
    """Rename ``graph`` to ``out``; the caller holds the lock and removes what was there."""
    if out.exists():
        out.rename(graph.parent / "replaced")
    graph.rename(out)
    _sync_folder(out.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(out: Path, deadline: float) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it if this process dies."""
    with (out.parent / f".{out.name}.lock").open("wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GraphError(
                        f"Another process is still compiling into {out}.",
                        "Wait for it or stop it, then try again.",
                    ) from None
                time.sleep(0.05)
        yield


def _sweep(out: Path) -> None:
    """Remove what builders that were killed left behind."""
    for left in out.parent.glob(f".{out.name}-*.part"):
        try:
            abandoned = time.time() - left.stat().st_mtime > _ABANDONED_SECONDS
        except FileNotFoundError:  # its builder has just finished
            continue
        if abandoned:
            shutil.rmtree(left, ignore_errors=True)
