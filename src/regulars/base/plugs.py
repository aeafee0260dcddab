"""What rooms plug in, each in a file of one name: found by that name, so that nothing lists rooms."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["find_plugs"]


def find_plugs(package: ModuleType, file: str) -> Mapping[str, ModuleType]:
    """Import the files of one name in the rooms of a package, where they have one: by room, in the order of names."""
    rooms = sorted(found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg)
    names = {room: f"{package.__name__}.{room}.{file}" for room in rooms}
    return {room: import_module(name) for room, name in names.items() if find_spec(name) is not None}
