"""``python -m voiceskill.graph build --sentences FILE --out DIR``: compile a list of sentences.

``compile STAGING DIGEST`` is the process that ``build`` starts: it reads ``sentences.txt`` and
``options.json`` in the folder STAGING and writes the folder ``graph`` beside them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import msgspec

from voiceskill.errors import GraphError
from voiceskill.graph.build import GRAPH_FILE, REPORT_FILE, GraphReport, Problem, build_graph
from voiceskill.graph.options import GraphOptions


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m voiceskill.graph")
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="compile a list of sentences for Vosk")
    build.add_argument("--sentences", type=Path, required=True, help="one sentence a line")
    build.add_argument("--out", type=Path, required=True, help="folder to write the graph to")
    build.add_argument("--options", type=Path, help="JSON file with compiler options")
    compiler = commands.add_parser("compile", help="used by build")
    compiler.add_argument("staging", type=Path)
    compiler.add_argument("digest")
    given = parser.parse_args(arguments)
    try:
        if given.command == "compile":
            _compile(given.staging, given.digest)
        else:
            report = build_graph(_sentences(given.sentences), given.out, _options(given.options))
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")
    except GraphError as error:
        if given.command == "compile":
            sys.stdout.buffer.write(msgspec.json.encode(Problem(error.message, error.hint)))
        else:
            sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _sentences(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GraphError(
            f"The sentences in {file} cannot be read: {error}.", "Give a UTF-8 text file."
        ) from error
    return [line.strip() for line in lines if line.strip()]


def _options(file: Path | None) -> GraphOptions:
    if file is None:
        return GraphOptions()
    try:
        return msgspec.json.decode(file.read_bytes(), type=GraphOptions)
    except (OSError, msgspec.DecodeError) as error:
        raise GraphError(
            f"The compiler options in {file} cannot be used: {error}.",
            "Correct the file, or leave it out for the defaults.",
        ) from error


def _compile(staging: Path, digest: str) -> None:
    # Imported here: numpy and kaldifst are not needed to find a graph already built.
    from voiceskill.graph.compile import compile_graph
    from voiceskill.graph.fst import to_bytes
    from voiceskill.graph.phones import phones_txt, word_boundary_int

    started = time.monotonic()
    sentences = _sentences(staging / "sentences.txt")
    graph = compile_graph(sentences, _options(staging / "options.json"))
    data = to_bytes(graph.hclg)
    out = staging / "graph"
    (out / "phones").mkdir(parents=True)
    _write(out / GRAPH_FILE, data)
    _write(out / "words.txt", graph.words_txt().encode())
    _write(out / "phones.txt", phones_txt().encode())
    _write(out / "phones" / "word_boundary.int", word_boundary_int().encode())
    report = GraphReport(
        digest=digest,
        sentences=len(sentences),
        words=len(graph.words),
        states=graph.hclg.states,
        arcs=len(graph.hclg.arcs),
        bytes=len(data),
        seconds=round(time.monotonic() - started, 3),
    )
    _write(out / REPORT_FILE, msgspec.json.encode(report))


def _write(path: Path, data: bytes) -> None:
    """Write and flush to the disk: the rename that follows must not get there first."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
