"""What the server told for hours without it: public keys with revoked vouchers, and offers for everybody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from regulars_till.folder import replace
from regulars_till.offers import Extract, read_extract
from regulars_till.tokens import Keys, read_keys
from regulars_till.wire import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from regulars_till.server import Server

__all__ = ["Learned"]

NAME = "learned.json"
OK = 200
SECONDS_MAX = 10.0


class Learned:
    """Kept in the till's folder, so that a till that starts without a server has it too."""

    def __init__(self) -> None:
        self.keys: Keys | None = None
        self.extract: Extract | None = None
        self._told: dict[str, Any] = {}

    def open(self, folder: Path) -> None:
        """Read what was kept. What cannot be read is as if it had never been told."""
        try:
            told = json.loads((folder / NAME).read_bytes())
        except (OSError, ValueError):
            return
        if isinstance(told, dict):
            for name, value in told.items():  # pyright: ignore[reportUnknownVariableType] - JSON
                self._take(str(name), value)  # pyright: ignore[reportUnknownArgumentType] - JSON

    def ask(self, server: Server, folder: Path | None, *, seconds: float = SECONDS_MAX) -> bool:
        """Ask for both; tells whether either was told. Raises OSError when it cannot be kept."""
        heard = False
        for name, path in (("keys", "/v1/tills/keys"), ("offers", "/v1/tills/offers")):
            answer = server.ask_behind("GET", path, None, seconds=seconds)
            if isinstance(answer, Answer) and answer.status == OK:
                heard |= self._take(name, answer.body)
        if heard and folder is not None:
            replace(folder / NAME, json.dumps(self._told).encode("ascii"))
        return heard

    def ask_keys(self, server: Server, *, seconds: float) -> None:
        """Ask for the keys alone, while somebody waits; kept with the next `ask`."""
        answer = server.ask("GET", "/v1/tills/keys", None, seconds=seconds)
        if isinstance(answer, Answer) and answer.status == OK:
            self._take("keys", answer.body)

    def _take(self, name: str, told: Any) -> bool:  # noqa: ANN401 - JSON
        try:
            if name == "keys":
                self.keys = read_keys(told)
            elif name == "offers":
                self.extract = read_extract(told)
            else:
                return False
        except (KeyError, TypeError, ValueError):
            return False
        self._told[name] = told
        return True
