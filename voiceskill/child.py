"""A worker process that answers requests, killed and restarted when it dies or is late.

libvosk can crash, abort or spin on bad input and espeak-ng can hang; neither can be caught from
Python, so both run behind this. Messages are bytes with a 4-byte little-endian length in front.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn

_LENGTH = struct.Struct("<I")
_CLOSE_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
DEBUG_VARIABLE = "VOICESKILL_DEBUG"
"""When set, what a worker writes to stderr is shown."""


class ChildFailed(Exception):
    """The worker gave no answer; it has been killed and the next request starts a fresh one."""


class ChildDied(ChildFailed):
    """The worker ended by itself, such as by SIGSEGV in a native library."""


class ChildLate(ChildFailed):
    """The worker did not answer before the deadline."""


class Child:
    """Runs ``python -m module arguments`` and exchanges one message at a time with it.

    Safe to share between threads; requests queue behind each other.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        # -P: a file such as wave.py in the folder one happens to be in must not be imported.
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._environment = _with_package({**os.environ, **(environment or {})})
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.starts = 0
        """How often a process has been started."""

    @property
    def pid(self) -> int | None:
        """Process id, or None when none is running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the process now instead of at the first request."""
        with self._lock:
            self._running()

    def request(self, message: bytes, timeout_seconds: float) -> bytes:
        """Send ``message`` and return the answer.

        Raises ChildDied or ChildLate; after either, the process is gone and the next request
        starts a new one.
        """
        with self._lock:
            process = self._running()
            try:
                return self._exchange(process, message, time.monotonic() + timeout_seconds)
            except BaseException:
                # An exchange left half done would hand its answer to the next request.
                self._kill()
                raise

    def close(self) -> None:
        """End the process: politely, then by force. Safe to call twice."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            assert process.stdin is not None and process.stdout is not None
            process.stdin.close()
            try:
                process.wait(_CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get(DEBUG_VARIABLE) else subprocess.DEVNULL,
            env=self._environment,
            bufsize=0,
            # Ctrl-C belongs to the parent, which then closes its children in order.
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        self._process = process
        self.starts += 1
        return process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()

    def _exchange(self, process: subprocess.Popen[bytes], message: bytes, deadline: float) -> bytes:
        assert process.stdin is not None and process.stdout is not None
        _write(process.stdin.fileno(), _LENGTH.pack(len(message)) + message, deadline)
        output = process.stdout.fileno()
        (length,) = _LENGTH.unpack(_read(output, _LENGTH.size, deadline))
        return _read(output, length, deadline)


def _with_package(environment: Mapping[str, str]) -> dict[str, str]:
    """Return ``environment`` so that the worker finds this package where its parent found it."""
    places = (str(Path(__file__).resolve().parents[1]), environment.get("PYTHONPATH", ""))
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, places))}


def _ready(descriptor: int, direction: int, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, direction)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise ChildLate


def _write(descriptor: int, data: bytes, deadline: float) -> None:
    rest = memoryview(data)
    while rest:
        _ready(descriptor, selectors.EVENT_WRITE, deadline)
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BrokenPipeError as error:
            raise ChildDied from error


def _read(descriptor: int, length: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        _ready(descriptor, selectors.EVENT_READ, deadline)
        part = os.read(descriptor, length - len(parts))
        if not part:
            raise ChildDied
        parts += part
    return bytes(parts)


def serve(handle: Callable[[bytes], bytes]) -> NoReturn:
    """Answer requests from the parent until it goes away, then exit; the side of the worker.

    File descriptor 1 leads to /dev/null meanwhile, because native libraries print on it.
    """
    _die_with_parent()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    requests = sys.stdin.buffer
    with suppress(BrokenPipeError):
        while (message := _take(requests)) is not None:
            answer = handle(message)
            answers.write(_LENGTH.pack(len(answer)) + answer)
    # Nothing is left to tidy, and unloading the interpreter and a model would keep a person
    # waiting for the end of a command.
    os._exit(0)


def _take(stream: BinaryIO) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def _die_with_parent() -> None:
    """Ask Linux to kill this worker when its parent dies, as a spinning worker sees no EOF."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
