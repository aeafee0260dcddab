"""Pages of the documentation as stories: their marked blocks are run, top to bottom, in one shell and one folder.

The word after the language of a fenced block says what becomes of it:

  ```console run          each `$ command` is run; lines below it are what it must print
  ```console run fails    the same, and each command must end with an error
  ```console stay         the command keeps running, as in a terminal of its own; it must come to print these lines
  ```sh run               commands alone
  ```python run           a program; it must end well
  ```yaml file=NAME       the block is written into a file of the story's folder (any language)
  ```sh shown             only shown: it belongs to another machine, takes long, or destroys something

In what must be printed, `...` stands for anything within a line, and alone on a line for any lines.
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(?P<language>[a-z]+)?(?P<marks>[^`]*)$")
MARKED = ("console", "sh", "python")
MARKS = frozenset({"run", "stay", "shown", "fails"})
COMMAND_SECONDS_MAX = 300
STAY_SECONDS_MAX = 180
DOOR = "127.0.0.1:8080"
"""Where pages say that the server listens. Each story has a port of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    page: str
    number: int
    language: str
    marks: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def where(self) -> str:
        """Name the place of a block, as a reader looks for it."""
        return f"{self.page}:{self.number}"

    @property
    def file(self) -> str | None:
        """Name the file that the block is written into; None for a block that is not."""
        return next((mark.removeprefix("file=") for mark in self.marks if mark.startswith("file=")), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it is typed, and what it must print; None where the page does not say."""

    text: str
    printed: tuple[str, ...] | None


def read_blocks(page: str, text: str) -> list[Block]:
    """Find the fenced blocks of a page."""
    blocks: list[Block] = []
    opened: tuple[int, str, tuple[str, ...]] | None = None
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line)
        if opened is None and fence is not None:
            opened, lines = (number, fence["language"] or "", tuple(fence["marks"].split())), []
        elif opened is not None and line == "```":
            place, language, marks = opened
            blocks.append(Block(page=page, number=place, language=language, marks=marks, lines=tuple(lines)))
            opened = None
        elif opened is not None:
            lines.append(line)
    assert opened is None, f"{page}:{opened and opened[0]}: this block is not closed"
    return blocks


def find_faults(block: Block) -> list[str]:
    """Say what is wrong with the marks of a block."""
    known = [mark for mark in block.marks if mark in MARKS or mark.startswith("file=")]
    faults = [f"{block.where}: {mark!r} is no mark" for mark in block.marks if mark not in known]
    if block.language in MARKED and not known:
        faults.append(f"{block.where}: say `run`, `stay` or `shown` behind {block.language!r}")
    return faults


def split_commands(lines: Sequence[str]) -> list[str]:
    """Split what is typed into whole commands: a line that ends in a backslash or in an open quote goes on."""
    commands: list[str] = []
    typed: list[str] = []
    for line in lines:
        typed.append(line)
        if not is_open("\n".join(typed)):
            commands.append("\n".join(typed))
            typed = []
    assert not typed, f"this command does not end: {typed}"
    return [command for command in commands if command.strip() and not command.lstrip().startswith("#")]


def is_open(text: str) -> bool:
    if text.endswith("\\"):
        return True
    read = subprocess.run(["bash", "-n", "-c", text], capture_output=True, text=True, check=False)  # noqa: S607
    # An unfinished here-document is only warned of.
    return read.returncode != 0 or "here-document" in read.stderr


def read_session(lines: Sequence[str]) -> list[Command]:
    """Read a console: `$ ` begins a command, and what follows it is what it prints."""
    commands: list[Command] = []
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        assert line.startswith("$ "), f"a console begins with a command, not with {line!r}"
        text = line.removeprefix("$ ")
        while is_open(text):
            assert rest, f"this command does not end: {text!r}"
            text += "\n" + rest.pop(0)
        printed: list[str] = []
        while rest and not rest[0].startswith("$ "):
            printed.append(rest.pop(0))
        while printed and not printed[-1].strip():
            printed.pop()
        commands.append(Command(text=text, printed=tuple(printed) or None))
    return commands


def fits(printed: Sequence[str], output: str) -> bool:
    """Compare what a command printed with what the page shows."""
    pattern = ""
    for line in printed:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in squeeze(line).split("...")) + r" ?\n"
    wanted = output if output.endswith("\n") or not output else output + "\n"
    return re.fullmatch(pattern, squeeze(wanted)) is not None


def squeeze(text: str) -> str:
    """Make one space of many: a column is as wide as what stands in it that day."""
    return re.sub(r"[^\S\n]+", " ", text)


class WentWrong(AssertionError):
    """A command of a page did not do what the page says."""

    def __init__(self, block: Block, command: str, what: str, output: str) -> None:
        super().__init__(f"{block.where}: {what}\n$ {command}\n{output}")


@dataclass(slots=True, kw_only=True)
class Story:
    """A page being run, in a folder that looks like a fresh checkout."""

    folder: Path
    environment: Mapping[str, str]
    port: int
    bins: Sequence[Path] = (Path(sys.executable).parent,)
    """Where commands are looked for before anywhere else."""
    shell: subprocess.Popen[bytes] = field(init=False)
    staying: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        for name in ("programs", "docs"):
            (self.folder / name).symlink_to(ROOT / name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "XDG_", "PG"))}
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],  # noqa: S607
            cwd=self.folder,
            env={
                **kept,
                "PATH": ":".join([*map(str, self.bins), os.environ["PATH"]]),
                "HOME": str(self.folder),
                "TZ": "UTC",
                "LC_ALL": "C.UTF-8",
                "REGULARS_PORT": str(self.port),
                **self.environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def tell(self, block: Block) -> None:
        """Do what one block says."""
        if block.file is not None:
            path = self.folder / block.file
            path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
        elif "stay" in block.marks:
            for command in read_session(block.lines):
                self._stay(block, command)
        elif "run" not in block.marks:
            return
        elif block.language == "console":
            for command in read_session(block.lines):
                self._run(block, command)
        elif block.language == "python":
            program = "\n".join(block.lines)
            self._run(block, Command(text=f"python - <<'END_OF_PROGRAM'\n{program}\nEND_OF_PROGRAM", printed=None))
        else:
            for text in split_commands(block.lines):
                self._run(block, Command(text=text, printed=None))

    def end(self) -> None:
        """End what stays, last first, and the shell."""
        for process in reversed(self.staying):
            os.kill(process, signal.SIGTERM)
        assert self.shell.stdin is not None
        # The shell waits for its jobs, as it is they who hold the database.
        self.shell.stdin.write(b"wait\nexit\n")
        self.shell.stdin.flush()
        self.shell.communicate(timeout=STAY_SECONDS_MAX)

    def _run(self, block: Block, command: Command) -> None:
        status, output = self._type(command.text, seconds=COMMAND_SECONDS_MAX)
        if (status != 0) != ("fails" in block.marks):
            raise WentWrong(block, command.text, f"this ended with status {status}", output)
        if command.printed is not None and not fits(command.printed, output):
            shown = "\n".join(command.printed)
            raise WentWrong(block, command.text, f"the page shows\n{shown}\n\nand this is printed", output)

    def _stay(self, block: Block, command: Command) -> None:
        log = self.folder / f".stay-{len(self.staying)}.log"
        log.touch()
        status, said = self._type(f"{command.text} > {log} 2>&1 &\necho $!", seconds=COMMAND_SECONDS_MAX)
        assert status == 0, said
        self.staying.append(int(said.split()[-1]))
        wanted = command.printed or ("...",)
        until = time.monotonic() + STAY_SECONDS_MAX
        while not fits((*wanted, "..."), output := self._as_shown(log.read_text(encoding="utf-8"))):
            if time.monotonic() > until:
                raise WentWrong(block, command.text, "this never printed what the page shows", output)
            time.sleep(0.05)

    def _type(self, text: str, *, seconds: float) -> tuple[int, str]:
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        mark = f"end-of-command-{time.monotonic_ns()}"
        typed = text.replace(DOOR, f"127.0.0.1:{self.port}")
        self.shell.stdin.write(f"{{\n{typed}\n}} < /dev/null\nprintf '\\n%s %s\\n' {mark} $?\n".encode())
        self.shell.stdin.flush()
        output = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.shell.stdout, selectors.EVENT_READ)
            until = time.monotonic() + seconds
            while (found := re.search(rf"\n{mark} (\d+)\n".encode(), output)) is None:
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise TimeoutError(f"{text!r} did not end in {seconds} s; so far:\n{output.decode()}")
                part = os.read(self.shell.stdout.fileno(), 65_536)
                if not part:
                    raise EOFError(f"{text!r} ended the shell:\n{output.decode()}")
                output += part
        return int(found[1]), self._as_shown(output[: found.start()].decode())

    def _as_shown(self, output: str) -> str:
        return output.replace(f"127.0.0.1:{self.port}", DOOR)
