"""Record a real terminal session as an SVG: ``.venv/bin/python scripts/record_session.py``.

Runs the commands below in a pseudo-terminal and draws what they print, colours included.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 92
COMMANDS = (
    "voiceskill ask tests/audio/special/question.wav",
    'voiceskill ask -q --text "help, my calf has locked"',
    'voiceskill ask -q --text "my calf is swollen and I am short of breath"',
    'voiceskill ask -q --text "what is the weather tomorrow"',
)
OUT = Path("docs/session.svg")


def output_of(command: str) -> str:
    """Return what ``command`` prints on a terminal ``COLUMNS`` wide."""
    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, shell=True, stdin=child, stdout=child, stderr=child, env=environment
    ):
        os.close(child)
        parts = bytearray()
        while True:
            try:
                part = os.read(parent, 4096)
            except OSError:
                break
            if not part:
                break
            parts += part
    os.close(parent)
    return parts.decode().replace("\r\n", "\n").strip("\n")


def main() -> None:
    """Write ``OUT``."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for command in COMMANDS:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(output_of(command)))
        console.print()
    OUT.write_text(console.export_svg(title="voiceskill"), encoding="utf-8")


if __name__ == "__main__":
    main()
