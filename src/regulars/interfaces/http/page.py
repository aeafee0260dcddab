"""One page of HTML out of the API's description: addresses, parameters, bodies, answers, shapes, problems.

It is made here and not by a viewer from a CDN: it must be readable in a shop's back room without the internet.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any, Final

import msgspec

from regulars.base.errors import known_refusals
from regulars.interfaces.http.problems import explain

__all__ = ["POLICY", "render"]

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
code, pre { font: 0.875rem/1.45 ui-monospace, monospace }
pre { background: var(--soft); border-radius: 6px; overflow-x: auto; padding: 0.75rem }
input { border: 1px solid var(--line); border-radius: 6px; font: inherit; padding: 0.5rem; width: 100% }
section { border-top: 1px solid var(--line); padding: 0.5rem 0 }
h2 { margin: 2rem 0 0.5rem } h3 { font-size: 1rem; margin: 0.5rem 0 } summary { cursor: pointer }
b.method { display: inline-block; min-width: 4rem } .scope { float: right; opacity: 0.75 }
table { border-collapse: collapse; width: 100% }
td, th { padding: 0.2rem 0.6rem 0.2rem 0; text-align: left; vertical-align: top }
.about { white-space: pre-line }
"""
SCRIPT: Final = """
const box = document.querySelector("input"), parts = [...document.querySelectorAll("section")];
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const part of parts) part.hidden = !words.every(word => part.textContent.toLowerCase().includes(word));
});
"""
Json = dict[str, Any]


def _allow(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY: Final = (
    f"default-src 'none'; style-src {_allow(STYLE)}; script-src {_allow(SCRIPT)}; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def render(openapi: bytes, base_url: str) -> str:
    """Write the page. `base_url` is where the examples send to."""
    described: Json = msgspec.json.decode(openapi)
    info = described["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style>",
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
        f"<p class=about>{escape(info['description'])}</p>",
        "<p>For machines: <a href=/openapi.json>openapi.json</a></p>",
        "<input type=search placeholder='Search: an address, a field, a code' aria-label=Search>",
        "<h2>Routes</h2>",
    ]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts += _write_route(path, method.upper(), operation, base_url)
    parts.append("<h2>Shapes</h2>")
    for name, schema in sorted(described["components"]["schemas"].items()):
        parts += _write_shape(name, schema)
    parts.append("<h2>Problems</h2>")
    parts += _write_problems()
    return "".join([*parts, f"<script>{SCRIPT}</script></html>"])


def _write_route(path: str, method: str, operation: Json, base_url: str) -> Iterator[str]:
    scopes = [scope for need in operation["security"] for each in need.values() for scope in each]
    who = f"scope <code>{escape(scopes[0])}</code>" if scopes else "public"
    about = operation.get("description", "")
    yield f"<section id='{escape(operation['operationId'])}'><span class=scope>{who}</span>"
    yield f"<h3><b class=method>{method}</b> <code>{escape(path)}</code></h3><p class=about>{escape(about)}</p>"
    if parameters := operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{escape(each['name'])}</code><td>{each['in']}<td>{escape(each.get('description', ''))}"
            for each in parameters
        )
        yield f"<table><tr><th>Parameter<th>In<th>{rows}</table>"
    bodies = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if bodies:
        yield f"<p>Body: {_link(bodies['schema'])}</p>"
    examples = {title: each["value"] for title, each in bodies.get("examples", {}).items()} or {"Example": None}
    for title, value in examples.items():
        command = _write_curl(path, method, value, base_url, needs_key=bool(scopes))
        yield f"<details><summary>{escape(title)}</summary><pre>{escape(command)}</pre></details>"
    yield "<table><tr><th>Status<th>Answer"
    for status, each in operation["responses"].items():
        yield f"<tr><td>{status}<td>{_write_answer(each)}"
    yield "</table></section>"


def _write_answer(described: Json) -> str:
    if codes := described.get("x-codes"):
        return ", ".join(f"<a href='#{code}'><code>{code}</code></a>" for code in codes)
    shapes = [_link(each["schema"]) for each in described.get("content", {}).values()]
    return f"{escape(described['description'])} {' '.join(shapes)}"


def _write_curl(path: str, method: str, value: object, base_url: str, *, needs_key: bool) -> str:
    lines = [f"curl {base_url}{path}" if method == "GET" else f"curl -X {method} {base_url}{path}"]
    if needs_key:
        lines.append('-H "Authorization: Bearer $REGULARS_KEY"')
    if value is not None:
        quoted = json.dumps(value, indent=2, ensure_ascii=False).replace("'", "'\\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{quoted}'"]
    return " \\\n  ".join(lines)


def _write_shape(name: str, schema: Json) -> Iterator[str]:
    yield f"<section id='{escape(name)}'><h3>{escape(name)}</h3><p>{escape(schema.get('description', ''))}</p><table>"
    required = set(schema.get("required", ()))
    for field, about in schema.get("properties", {}).items():
        note = "" if field in required else " (may be left out)"
        yield f"<tr><td><code>{escape(field)}</code><td>{_link(about)}{note}<td>{escape(about.get('description', ''))}"
    yield "</table></section>"


def _link(schema: Json) -> str:
    """Name a schema's type, with links to the shapes in it."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f"<a href='#{name}'>{name}</a>"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_link(each) for each in schema[several])
    if schema.get("type") == "array":
        return f"list of {_link(schema['items'])}" if schema.get("items") else "list"
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(each))}</code>" for each in schema["enum"])
    return escape(schema.get("format") or str(schema.get("type", "anything")))


def _write_problems() -> Iterator[str]:
    for code in sorted(known_refusals()):
        meaning = explain(code)
        again = "; asking again may help" if meaning.retryable else ""
        yield f"<section id='{code}'><h3><code>{code}</code></h3>"
        yield f"<p>{escape(meaning.title)}. ({meaning.status}{again})</p></section>"
