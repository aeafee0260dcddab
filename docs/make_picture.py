# ruff: noqa: D103, INP001 - a program that people run, not a package
"""Make the picture of the README from what a demo really prints.

Run it as .venv/bin/python docs/make_picture.py FOLDER. It runs `regulars demo --no-serve` with its data in FOLDER,
which should not exist yet: a second run finds the year there and has no replay to show.
"""

import os
import pty
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURE = Path(__file__).parent / "images" / "demo.svg"
COLUMNS = 104
# As rich has it, but for the fonts that it would load from elsewhere.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def print_to_terminal(command: list[str], environment: dict[str, str]) -> str:
    """Run a command whose output is a terminal, and give what it printed there. How it gets on goes to our own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=theirs, stderr=sys.stderr) as process:  # noqa: S603 - our own command
        os.close(theirs)
        printed = b""
        while part := read_part(ours):
            printed += part
    assert process.returncode == 0, f"{command} ended with status {process.returncode}"
    return printed.decode().replace("\r\n", "\n")


def read_part(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:
        # On Linux that is how a terminal says that nobody writes to it any more.
        return b""


def main() -> None:
    (folder,) = sys.argv[1:]
    environment = {
        **os.environ,
        "REGULARS_DATA_DIR": str(Path(folder).resolve()),
        "COLUMNS": str(COLUMNS),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    command = [str(Path(sys.executable).parent / "regulars"), "demo", "--no-serve", "--lang", "en"]
    printed = print_to_terminal(command, environment)
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
    console.print(Text.from_ansi(printed))
    svg = console.export_svg(title="make demo ARGS=--no-serve", theme=MONOKAI, code_format=FORMAT, unique_id="demo")
    PICTURE.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
