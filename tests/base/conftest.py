"""Data folders with and without a database."""

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from regulars.base import embedded
from tests.base.servers import make_folder, remove_folder


@pytest.fixture(scope="session")
def seed() -> Generator[Path]:
    """A database that was made, used and stopped: copied, for making one takes most of a second."""
    folder = make_folder()
    embedded.release(embedded.start(folder))
    yield folder
    remove_folder(folder)


@pytest.fixture
def folder(seed: Path) -> Generator[Path]:
    """A data folder with a stopped database."""
    place = make_folder()
    subprocess.run(["cp", "-a", f"{seed}/.", place], check=True)
    place.chmod(0o711)
    yield place
    remove_folder(place)


@pytest.fixture
def empty() -> Generator[Path]:
    """A data folder without anything."""
    place = make_folder()
    yield place
    remove_folder(place)
