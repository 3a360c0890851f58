"""A worker for test_child.py: echoes, prints, crashes, spins or sleeps as it is told."""

import os
import signal
import sys
import time

from voiceskill.child import serve


def handle(message: bytes) -> bytes:
    if message == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if message == b"abort":
        os.abort()
    if message == b"spin":
        while True:
            pass
    if message == b"print":
        print("noise on stdout", flush=True)
        os.write(1, b"noise on descriptor 1")
    if message == b"sleep":
        time.sleep(60)
    return bytes(reversed(message))


if __name__ == "__main__":
    sys.path.insert(0, "")
    serve(handle)
