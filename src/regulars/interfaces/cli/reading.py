"""The file of a programme, read."""

from pathlib import Path

from regulars.base.errors import Refusal
from regulars.kernel import program

__all__ = ["ProgramFileUnreadable", "read_program", "read_text"]


class ProgramFileUnreadable(Refusal):
    """The file of a programme cannot be read."""

    code, kind = "program_file_unreadable", "invalid"


def read_program(path: Path) -> program.Document:
    """Read a programme. Raises ProgramFileUnreadable, or ProgramInvalid with everything that is wrong."""
    return program.parse(read_text(path))


def read_text(path: Path) -> str:
    """Read a text file. Raises ProgramFileUnreadable."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        detail = (
            f"{path} cannot be read: {error.strerror}. Name the file of the programme, such as programs/grocer.yaml."
        )
        raise ProgramFileUnreadable(detail, file=str(path)) from error
    except UnicodeDecodeError as error:
        raise ProgramFileUnreadable(f"{path} is not text in UTF-8. Save it as UTF-8.", file=str(path)) from error
