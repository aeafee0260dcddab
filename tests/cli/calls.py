"""`regulars` called as people call it: a process of its own, its output in pipes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tests.cli.shim import Call
from tests.cli.warm import find_bin, is_warm

SECONDS_MAX = 300
COMMAND = Path(sys.executable).with_name("regulars")
PROGRAM = """
program: corner
name: {en: Corner Shop, zh-CN: 街角小店}
time_zone: UTC
money: USD
currencies:
  points:
    kind: spendable
    name: {en: Points, zh-CN: 积分}
    expiry: {model: rolling, days: 100}
    value: {minor: 1, per_points: 2}
    funder: house
catalog: {categories: [DAIRY, PRODUCE]}
offers:
  - id: base
    mechanic: spend
    on: [purchase]
    settings: {currency: points, points: 1, per_minor: 10}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a call ended."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> Any:  # noqa: ANN401 - JSON
        """What `--json` printed."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """What was said on stderr, in one line."""
        return " ".join(self.err.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A folder and an environment to call from."""

    folder: Path
    env: Mapping[str, str]

    def __call__(self, *words: str | Path, **env: str) -> Done:
        """Call and wait for the end. Nothing may ever show a traceback, or colours in a pipe."""
        merged = {**self.env, **env}
        done = (self._call_warm if is_warm(words, merged) else self._call_cold)(words, merged)
        assert "Traceback" not in done.err, done.err
        assert "\x1b" not in done.out + done.err, "a pipe gets no colours"
        return done

    def _call_cold(self, words: Sequence[str | Path], env: Mapping[str, str]) -> Done:
        done = subprocess.run(
            [COMMAND, *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            timeout=SECONDS_MAX,
        )
        return Done(status=done.returncode, out=done.stdout, err=done.stderr)

    def _call_warm(self, words: Sequence[str | Path], env: Mapping[str, str]) -> Done:
        address = str(find_bin() / "address")
        with Path(os.devnull).open("rb") as nothing, TemporaryFile() as out, TemporaryFile() as err:
            files = [file.fileno() for file in (nothing, out, err)]
            call = Call(address, [str(word) for word in words], folder=str(self.folder), env=env, files=files)
            try:
                status = call.wait(SECONDS_MAX)
            except TimeoutError:
                os.kill(call.pid, signal.SIGKILL)
                raise
            for file in (out, err):
                file.seek(0)
            return Done(status=status, out=out.read().decode(), err=err.read().decode())

    @contextmanager
    def started(self, *words: str | Path, **env: str) -> Generator["subprocess.Popen[str]"]:
        """Start a call, and see that it is over at the end of the block."""
        with subprocess.Popen(
            [COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
        ) as running:
            try:
                yield running
            finally:
                # Of what ended by itself this is the end that is looked at.
                if running.poll() is None:
                    running.kill()

    def write(self, name: str, text: str) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def make_shell(folder: Path, **env: str) -> Shell:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "LC_", "LANG"))}
    return Shell(folder=folder, env={**kept, "REGULARS_DATA_DIR": str(folder / "data"), **env})
