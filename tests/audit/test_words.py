"""What the console's audit says for a route: words in both languages, and not its name in the code."""

from pathlib import Path

import msgspec
import pytest
from fastapi.routing import APIRoute

from regulars.interfaces.http.app import list_routers
from regulars.interfaces.http.kit import door_of
from regulars.interfaces.http.trail import is_noted

CATALOGUES = Path(__file__).parents[2] / "web" / "console" / "audit"
STATUSES = (200, 403)


def list_noted() -> set[str]:
    """List the routes that an entry can name, as the trail itself decides."""
    found: set[str] = set()
    for router in list_routers():
        for route in router.routes:
            assert isinstance(route, APIRoute), route
            declared = door_of(route.endpoint)
            assert declared is not None, route.path
            kind = "nobody" if declared.scope is None else "staff"
            if any(is_noted(method, route.path, status, kind) for method in route.methods or () for status in STATUSES):
                found.add(route.name)
    return found


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_whatever_can_be_in_the_audit_has_words(language: str) -> None:
    # Words of a route that there is no more may stay: its entries do, too.
    words = msgspec.json.decode((CATALOGUES / f"words.{language}.json").read_bytes(), type=dict[str, str])
    told = {key.removeprefix("audit.did.") for key in words if key.startswith("audit.did.")}
    noted = list_noted()
    assert {"put_store", "sign_in_second", "erase_me", "read_overview", "export_audit", "come_back"} <= noted
    assert noted - told == set(), f"say what these do in web/console/audit/words.{language}.json, as audit.did.<name>"
