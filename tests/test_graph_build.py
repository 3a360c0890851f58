"""The compiler's process, its cache, its failures, and several builders at once."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from voiceskill.errors import GraphError
from voiceskill.graph import build
from voiceskill.graph.build import build_graph, graph_digest, read_report
from voiceskill.graph.fst import from_bytes
from voiceskill.graph.options import GraphOptions

SENTENCES = ["my calf hurts", "stretch my calf", "stop"]
FILES = {"HCLG.fst", "words.txt", "phones.txt", "phones", "report.json"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "graph"
    return out, build_graph(SENTENCES, out)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.glob(".*.part")]


def test_the_folder_is_what_vosk_reads(built):
    out, report = built
    assert {path.name for path in out.iterdir()} == FILES
    assert (out / "HCLG.fst").stat().st_size == report.bytes
    fst = from_bytes((out / "HCLG.fst").read_bytes())
    assert (fst.states, len(fst.arcs)) == (report.states, report.arcs)
    words = (out / "words.txt").read_text().splitlines()
    assert len(words) == report.words + 2 and words[0] == "<eps> 0"
    assert len((out / "phones" / "word_boundary.int").read_text().splitlines()) == 157
    assert read_report(out) == report and not report.cached
    assert leftovers(out.parent) == []


def test_the_same_again_is_not_compiled(built):
    out, report = built
    before = (out / "HCLG.fst").stat()
    again = build_graph(SENTENCES, out)
    assert again.cached and again.digest == report.digest
    assert (out / "HCLG.fst").stat().st_ino == before.st_ino


def test_the_digest_covers_sentences_and_options():
    digests = {
        graph_digest(SENTENCES),
        graph_digest(SENTENCES[:2]),
        graph_digest([*SENTENCES, "stop"]),
        graph_digest(SENTENCES, GraphOptions(order=2)),
        graph_digest(SENTENCES, GraphOptions(pronunciations={"calf": ["K AA F"]})),
    }
    assert len(digests) == 5
    assert graph_digest(SENTENCES) == graph_digest(SENTENCES, GraphOptions())


def test_other_sentences_replace_the_graph(tmp_path):
    out = tmp_path / "graph"
    first = build_graph(["stop"], out)
    second = build_graph(["stop", "next"], out)
    assert not second.cached and second.digest != first.digest
    assert "next" in (out / "words.txt").read_text()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["HCLG.fst", "words.txt", "report.json"])
def test_a_damaged_graph_is_built_again(tmp_path, name):
    out = tmp_path / "graph"
    build_graph(["stop"], out)
    (out / name).write_bytes(b"")
    assert not build_graph(["stop"], out).cached
    assert (out / name).stat().st_size > 0


def test_bad_content_keeps_the_last_good_graph(tmp_path):
    out = tmp_path / "graph"
    good = build_graph(["stop"], out)
    with pytest.raises(GraphError, match="'b12'") as caught:
        build_graph(["take b12"], out)
    assert "letters" in caught.value.hint
    assert read_report(out) == good and leftovers(tmp_path) == []


def test_a_late_compiler_is_stopped(tmp_path):
    with pytest.raises(GraphError, match="too long"):
        build_graph(SENTENCES, tmp_path / "graph", timeout_seconds=0.0)
    assert leftovers(tmp_path) == [] and not (tmp_path / "graph").exists()


@pytest.mark.parametrize("end", ["import os; os.abort()", "raise SystemExit(3)", "1/0", ""])
def test_a_compiler_that_dies_is_an_error(tmp_path, monkeypatch, end):
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{end}'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(GraphError, match="stopped with status"):
        build_graph(SENTENCES, tmp_path / "graph")
    assert leftovers(tmp_path) == [] and not (tmp_path / "graph").exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GraphError, match="could not be written"):
        build_graph(SENTENCES, tmp_path / "file" / "graph")


def test_what_a_killed_builder_left_is_swept_when_old(tmp_path):
    old, new = tmp_path / ".graph-old.part", tmp_path / ".graph-new.part"
    for folder in (old, new):
        folder.mkdir()
        (folder / "sentences.txt").write_text("stop\n")
    long_ago = time.time() - build._ABANDONED_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    build_graph(["stop"], tmp_path / "graph")
    assert leftovers(tmp_path) == [".graph-new.part"]


def test_builders_of_one_folder_do_not_disturb_each_other(tmp_path):
    files = []
    for name in ("one", "two"):
        file = tmp_path / f"{name}.txt"
        file.write_text(f"my calf hurts\nnumber {name}\n")
        files.append(file)
    out = tmp_path / "graph"
    command = [sys.executable, "-m", "voiceskill.graph", "build", "--out", str(out)]
    builders = [
        subprocess.Popen(
            [*command, "--sentences", str(files[k % 2])], stdout=subprocess.PIPE, text=True
        )
        for k in range(4)
    ]
    reports = [json.loads(builder.communicate()[0]) for builder in builders]
    assert all(builder.returncode == 0 for builder in builders)
    assert len({report["digest"] for report in reports}) == 2
    final = read_report(out)
    assert final is not None and final.digest in {report["digest"] for report in reports}
    assert from_bytes((out / "HCLG.fst").read_bytes()).states == final.states
    assert leftovers(tmp_path) == []


def test_a_folder_being_built_is_waited_for_only_so_long(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import fcntl,sys,time; f=open(sys.argv[1],'wb'); fcntl.flock(f,fcntl.LOCK_EX); "
         "print('held',flush=True); time.sleep(60)", str(tmp_path / ".graph.lock")],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(GraphError, match="Another process"):
            build_graph(["stop"], tmp_path / "graph", timeout_seconds=0.2)
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize(
    ("sentences", "options", "message"),
    [
        (None, None, "cannot be read"),
        (b"\xff\xfe", None, "cannot be read"),
        (b"stop\n", b'{"colour": 1}', "cannot be used"),
        (b"\n\n", None, "no sentence"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, sentences, options, message):
    file = tmp_path / "sentences.txt"
    if sentences is not None:
        file.write_bytes(sentences)
    command = [sys.executable, "-m", "voiceskill.graph", "build",
               "--sentences", str(file), "--out", str(tmp_path / "graph")]  # fmt: skip
    if options is not None:
        (tmp_path / "options.json").write_bytes(options)
        command += ["--options", str(tmp_path / "options.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == GraphError.exit_code
    assert message in done.stderr and "Traceback" not in done.stderr
