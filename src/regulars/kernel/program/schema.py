"""JSON Schema of a programme, for editors and forms: the document, and each mechanic's settings."""

from typing import Any

import msgspec

from regulars.kernel.program.meanings import describe_fields
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """Describe a programme document as JSON Schema 2020-12. What names must exist is said by `parse`, not here."""
    mechanics = find_mechanics()
    types = [Document, *(mechanic.settings for mechanic in mechanics.values())]
    references, definitions = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    describe_fields(definitions, types)
    offer = definitions["Offer"]
    offer["properties"]["mechanic"] = {"enum": sorted(mechanics)}
    offer["allOf"] = [
        {
            "if": {"properties": {"mechanic": {"const": name}}, "required": ["mechanic"]},
            "then": {"properties": {"settings": reference}},
        }
        for name, reference in zip(mechanics, references[1:], strict=True)
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A loyalty programme",
        **references[0],
        "$defs": definitions,
    }
