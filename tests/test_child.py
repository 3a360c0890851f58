"""The supervised worker process, with a real process behind it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceskill.child import Child, ChildDied, ChildLate

HERE = Path(__file__).parent


@pytest.fixture
def child() -> Iterator[Child]:
    with Child("child_echo", environment={"PYTHONPATH": str(HERE)}) as child:
        yield child


def test_answers_in_order(child: Child) -> None:
    assert [child.request(word, 20) for word in (b"abc", b"", b"de")] == [b"cba", b"", b"ed"]
    assert child.starts == 1


def test_a_message_larger_than_the_pipe_goes_both_ways(child: Child) -> None:
    big = bytes(range(256)) * 8192
    assert child.request(big, 20) == big[::-1]


def test_what_the_worker_prints_is_not_taken_for_an_answer(child: Child) -> None:
    assert child.request(b"print", 20) == b"tnirp"
    assert child.request(b"ok", 20) == b"ko"


@pytest.mark.parametrize("death", [b"crash", b"abort"])
def test_a_dead_worker_is_replaced(child: Child, death: bytes) -> None:
    child.request(b"warm", 20)
    with pytest.raises(ChildDied):
        child.request(death, 20)
    assert child.pid is None
    assert child.request(b"again", 20) == b"niaga"
    assert child.starts == 2


@pytest.mark.parametrize("stall", [b"spin", b"sleep"])
def test_a_late_worker_is_killed(child: Child, stall: bytes) -> None:
    child.request(b"warm", 20)
    pid = child.pid
    assert pid is not None
    with pytest.raises(ChildLate):
        child.request(stall, 0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert child.request(b"again", 20) == b"niaga"


def test_a_frozen_worker_cannot_block_a_large_write(child: Child) -> None:
    child.request(b"warm", 20)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ChildLate):
        child.request(bytes(1_000_000), 0.3)
    assert child.request(b"again", 20) == b"niaga"


def test_killed_between_requests_goes_unnoticed(child: Child) -> None:
    child.request(b"warm", 20)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    while child.pid is not None:
        time.sleep(0.01)
    assert child.request(b"again", 20) == b"niaga"


def test_close_twice_and_start_again(child: Child) -> None:
    child.start()
    child.close()
    child.close()
    assert child.pid is None
    assert child.request(b"ab", 20) == b"ba"


def test_a_spinning_worker_does_not_outlive_its_parent() -> None:
    parent = (
        "import os, threading, time\n"
        "from voiceskill.child import Child\n"
        "child = Child('child_echo')\n"
        "child.request(b'warm', 20)\n"
        "threading.Thread(target=child.request, args=(b'spin', 60), daemon=True).start()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
        process.wait()
    for _ in range(500):
        if (
            not Path(f"/proc/{worker}/stat").exists()
            or " Z " in Path(f"/proc/{worker}/stat").read_text()
        ):
            break
        time.sleep(0.01)
    else:
        pytest.fail("the worker is still running")


def test_a_stray_file_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "struct.py").write_text("raise SystemExit('stray')\n")
    monkeypatch.chdir(tmp_path)
    with Child("child_echo", environment={"PYTHONPATH": str(HERE)}) as child:
        assert child.request(b"ab", 20) == b"ba"
