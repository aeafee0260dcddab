"""Kinds of long work, each in a file of its own, and who does them: the worker, or a child of the server."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from regulars.features.tasks import Work

__all__ = ["find_works"]


@cache
def find_works() -> Mapping[str, Work]:
    """Find every kind of work: `WORK` of the files of this folder that have one."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    files = [import_module(f"{__name__}.{name}") for name in names]
    works: list[Work] = [file.WORK for file in files if hasattr(file, "WORK")]
    return MappingProxyType({work.kind: work for work in works})
