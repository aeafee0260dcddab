"""The description of the API is true: of routes, scopes, bodies, answers and problems."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from fastapi.routing import APIRoute

from regulars.base.errors import known_refusals
from regulars.interfaces.http.app import list_routers
from regulars.interfaces.http.kit import door_of
from regulars.interfaces.http.problems import status_of
from tests.http.site import Site


@pytest.fixture
async def described(site: Site) -> dict[str, Any]:
    answer = await site.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def find_references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from find_references(each)
    elif isinstance(value, list):
        for each in value:
            yield from find_references(each)


def list_operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


async def test_it_is_openapi_3_1_and_whole(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    references = set(find_references(described))
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in described["components"]["schemas"]
    names = [operation["operationId"] for _, _, operation in list_operations(described)]
    assert len(names) == len(set(names))


async def test_every_operation_says_what_it_is_who_may_and_what_comes_back(described: dict[str, Any]) -> None:
    for path, _, operation in list_operations(described):
        assert operation["description"], path
        assert operation["tags"], path
        assert operation["security"] == [] or list(operation["security"][0]) == ["key"], path
        assert {"500", "503"} <= operation["responses"].keys(), path
        if operation["security"]:
            assert {"401", "403"} <= operation["responses"].keys(), path
        if "requestBody" in operation:
            assert {"400", "408", "413", "415", "422"} <= operation["responses"].keys(), path


async def test_the_problems_of_an_answer_have_its_status(described: dict[str, Any]) -> None:
    seen = set()
    for path, _, operation in list_operations(described):
        for status, response in operation["responses"].items():
            for code in response.get("x-codes", ()):
                seen.add(code)
                assert status_of(known_refusals()[code]) == int(status), f"{path} {code}"
    assert {"key_reused", "activity_too_late", "identifier_taken", "cursor_invalid", "not_ready"} <= seen


@pytest.mark.parametrize(
    "route", [route for router in list_routers() for route in router.routes], ids=lambda route: route.path
)
def test_the_examples_are_valid(route: APIRoute) -> None:
    declared = door_of(route.endpoint)
    assert declared is not None
    if declared.takes is None:
        return
    assert declared.examples, "a body has an example"
    shapes = declared.takes if isinstance(declared.takes, tuple) else (declared.takes,)
    for title, example in declared.examples.items():
        fitting = [shape for shape in shapes if fits(example, shape)]
        assert len(fitting) == 1, title


def fits(example: object, shape: type) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(example), type=shape)
    except msgspec.ValidationError:
        return False
    return True


async def test_limits_are_in_the_description(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert schemas["ActivitiesIn"]["properties"]["activities"]["maxItems"] == 1000
    assert schemas["ActivityIn"]["additionalProperties"] is False
    assert set(schemas["ActivityIn"]["required"]) == {"id", "source", "kind", "occurred_at", "member"}
    assert schemas["Line"]["properties"]["amount_minor"] == {
        "type": "integer", "minimum": 0, "maximum": 2**53 - 1
    } | schemas["Line"]["properties"]["amount_minor"]  # fmt: skip
