# ruff: noqa: D103, INP001 - a program that people run, not a package
"""Write docs/reference/ from the code.

Run it as .venv/bin/python docs/make_reference.py. A test fails while what is written differs from what the code says.
"""

import inspect
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import msgspec
from fastapi import FastAPI
from typer.main import get_command

import regulars
from regulars.base.errors import known_refusals
from regulars.base.settings import Settings
from regulars.interfaces.cli.main import app as cli
from regulars.interfaces.http.app import list_routers, list_scopes
from regulars.interfaces.http.openapi import describe
from regulars.interfaces.http.problems import status_of
from regulars.kernel.program.meanings import list_structs, read_meanings
from regulars.kernel.program.mechanics import find_mechanics
from regulars.kernel.program.model import Document
from regulars.kernel.program.schema import schema
from regulars.kernel.spine.commands import COMMANDS

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Written by docs/make_reference.py from the code. Change the code, then run it again. -->"
Json = dict[str, Any]

SETTINGS = {
    "database_url": "The PostgreSQL to use, 15 or newer. Not set: the embedded one. Holds a password.",
    "data_dir": "Folder of the embedded database and of the secret. Not set: `.regulars` below the current folder where"
    " there is one (the demo makes it), else `$XDG_DATA_HOME/regulars` or `~/.local/share/regulars`.",
    "pg_bindir": "PostgreSQL's programs to use instead of those of the wheel.",
    "pg_port": "The embedded PostgreSQL listens on this port of 127.0.0.1 too. Not set: on its private socket only.",
    "secret": "At least 32 random bytes as base64url, from which keys are derived. Not set: the file `secret` in the"
    " data folder, made on first use. Every process that shares a database needs the same. Of several, as"
    " `2:KEY,1:KEY`, the first is in use (`regulars secret`).",
    "auto_enrol": "Whether an identifier that nobody has becomes a new member when an activity names it.",
    "joining": "Whether people may become members by themselves, by a code to an address or number that nobody has.",
    "show_codes": "For demos: codes to sign in with are shown to whoever asks, and sent to nobody. Refused at start by"
    " every database that is not a sandbox; told in the log and by `/readyz`.",
    "burn_needs_code": "Whether points are used only by members who show their code, or by keys with `members:vouch`.",
    "host": "Where `regulars serve` listens.",
    "port": "The port on which `regulars serve` listens.",
    "pool_max": "Connections to the database that each process opens at most.",
    "statement_timeout_seconds": "How long one statement may take before it is given up.",
    "late_days_max": "How many days late a fact may come (not in a replay).",
    "metrics_open": "Whether `/metrics` may be read without a key.",
    "public_url": "What people type to reach this server, such as `https://points.example.com`: links begin with it,"
    " and the identity provider sends people back to it. Not set: where it listens.",
    "proxies": "Networks of reverse proxies, separated by commas. What they say in `X-Forwarded-For` is believed, and"
    " nobody else's word is.",
    "key_rate": "Requests a second that each API key may send to a process, and how many at once.",
    "four_eyes": "What needs a second person: some of `adjustments`, `publishing`, `keys`, `mass`,"
    " `burning` (to let points be used again), separated by commas.",
    "breached_passwords": "File of stolen passwords that are refused: SHA-1 in hexadecimal, one a line, sorted.",
    "oidc_issuer": "The identity provider at which staff may sign on, as it calls itself. All three settings or none.",
    "oidc_client_id": "Who this installation is to the identity provider.",
    "oidc_client_secret": "What it proves that with.",
    "webhooks_allow": "Networks, such as `10.20.0.0/16, fd00::/8`, that webhooks may be sent to though they are not of"
    " the public internet.",
    "webhooks_ports": "Ports, such as `8443, 9443`, that webhooks may be sent to besides 443 and 80.",
    "webhooks_http": "Whether webhooks may be sent without TLS, to addresses that begin with `http://`.",
    "smtp_url": "Where mail to members is handed over: `smtps://user:password@host:465`, or `smtp://` with STARTTLS (in"
    " clear to this machine only). Not set: none is sent.",
    "smtp_from": "From whom members' mail is.",
    "sms_url": "Where short messages to members are handed over, by a POST of `id`, `to` and `text`. Not set: none is.",
    "messages_urls": "Where messages to members beside mail are handed over: `channel=address`, with spaces between, of"
    " `sms`, `push`, `wechat`; addresses as Apprise has them, with `{to}` in the place of the number. Needs"
    " `regulars[messages]`. A secret: it is never shown.",
    "rp_id": "The site for which members' passkeys are, such as `example.com`. Never change it: they would be lost.",
    "origin": "The address of the pages on which passkeys are used, such as `https://points.example.com`.",
    "app_role_only": "Whether `regulars serve` refuses to run as owner or superuser of its database, instead of"
    " warning.",
}


def make_pages() -> Mapping[str, str]:
    """Write every page, by its file name."""
    import_everything()
    return {
        "README.md": write_index(),
        "cli.md": write_cli(),
        "http.md": write_http(),
        "settings.md": write_settings(),
        "refusals.md": write_refusals(),
        "program.md": write_program(),
        "mechanics.md": write_mechanics(),
        "program.schema.json": write_json(schema()),
        "openapi.json": write_json(describe_api()),
    }


def import_everything() -> None:
    """Import each module, so that what registers itself has done so."""
    for found in pkgutil.walk_packages(regulars.__path__, "regulars."):
        import_module(found.name)


def write_json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode() + "\n"


def write_index() -> str:
    pages = {
        "cli.md": "Every command of `regulars`, with its arguments and options",
        "http.md": "Every route, its scope, and the settings of every command that may be sent",
        "settings.md": "Every variable of the environment that is read",
        "refusals.md": "Every code that a refusal may have",
        "program.md": "Every setting of a programme document",
        "mechanics.md": "Every mechanic, and its settings",
        "program.schema.json": "JSON Schema of a programme, for editors",
        "openapi.json": "OpenAPI 3.1 of the HTTP door",
    }
    rows = [f"| [{name}]({name}) | {about} |" for name, about in pages.items()]
    lead = "Written from the code; a test fails when it is out of date."
    return "\n".join(["# Reference", "", MADE, "", lead, "", "| Page | What is in it |", "| --- | --- |", *rows]) + "\n"


# --- command line ----------------------------------------------------------------------------------------------------


def write_cli() -> str:
    lines = ["# Command line", "", MADE, ""]
    walk_command(get_command(cli), ("regulars",), lines)
    return "\n".join(lines).rstrip() + "\n"


def walk_command(command: Any, names: tuple[str, ...], lines: list[str]) -> None:  # noqa: ANN401 - typer has its own click
    lines += [f"## {' '.join(names)}", "", clean(command.help or ""), ""]
    rows = [row for parameter in command.params if (row := write_parameter(parameter)) is not None]
    if rows:
        lines += ["| | | Default |", "| --- | --- | --- |", *rows, ""]
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        walk_command(command.get_command(None, name), (*names, name), lines)


def write_parameter(parameter: Any) -> str | None:  # noqa: ANN401 - typer has its own click
    about = escape(getattr(parameter, "help", None) or "")
    if parameter.param_type_name == "argument":
        name = f"`{str(parameter.name).upper()}`"
        return f"| {name} | {about} | {'required' if parameter.required else ''} |"
    if parameter.name == "help":
        return None
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.required:
        default = "required"
    elif parameter.default in {None, False, ""} or parameter.default == []:
        default = ""
    else:
        default = f"`{parameter.default}`"
    return f"| {names} | {about} | {default} |"


# --- HTTP ------------------------------------------------------------------------------------------------------------


def describe_api() -> Json:
    made = FastAPI(generate_unique_id_function=lambda route: route.name)
    routers = list_routers()
    for router in routers:
        made.include_router(router)
    return describe(made, cast("Any", [route for router in routers for route in router.routes]))


def write_http() -> str:
    described = describe_api()
    lines = ["# HTTP", "", MADE, "", described["info"]["description"].strip(), ""]
    lines += ["A running server shows this with examples at `/docs`. The whole description, for machines:"]
    lines += ["[openapi.json](openapi.json).", "", "| Route | Scope | |", "| --- | --- | --- |"]
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    for path, method, operation in operations:
        scope = next(iter(operation["security"][0].values()))[0] if operation["security"] else ""
        said = operation["description"].strip().split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{method.upper()} {path}` | {f'`{scope}`' if scope else 'public'} | {escape(said)} |")
    for path, method, operation in operations:
        lines += ["", f"## {method.upper()} {path}", "", operation["description"].strip(), ""]
        rows = [
            f"| `{it['name']}` | {it['in']} | {escape(it.get('description', ''))} |"
            for it in operation.get("parameters", ())
        ]
        if rows:
            lines += ["| Parameter | In | |", "| --- | --- | --- |", *rows, ""]
        lines += ["| Status | Refusals |", "| --- | --- |"]
        for status, answer in sorted(operation["responses"].items()):
            codes = ", ".join(f"[`{code}`](refusals.md)" for code in answer.get("x-codes", ()))
            lines.append(f"| {status} | {codes or escape(answer['description'])} |")
    return "\n".join([*lines, "", *write_commands()]) + "\n"


def write_commands() -> list[str]:
    lines = ["## Commands", "", "Kinds of activity that ask for something. Their settings stand in `ask`; each needs a"]
    lines += ["scope of its own, `points:` and its kind, besides the route's.", ""]
    for kind, command in sorted(COMMANDS.items()):
        lines += [f"### {kind}", "", clean(inspect.getdoc(command.ask) or ""), "", *write_fields(command.ask), ""]
    lines += ["## Scopes", "", "What a key may be given: " + ", ".join(f"`{scope}`" for scope in list_scopes()) + "."]
    return lines


# --- settings, refusals ----------------------------------------------------------------------------------------------


def write_settings() -> str:
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "Read from the environment when a process starts. An empty value is none, and a",
    ]
    lines += ["variable that begins with `REGULARS_` and is not listed here is refused.", ""]
    lines += ["| Variable | Default | |", "| --- | --- | --- |"]
    for each in fields(Settings):
        default = "" if each.default in {MISSING, None, ()} else str(each.default).lower()
        lines.append(
            f"| `REGULARS_{each.name.upper()}` | {f'`{default}`' if default else ''} | {SETTINGS[each.name]} |"
        )
    return "\n".join(lines) + "\n"


def write_refusals() -> str:
    lines = [
        "# Refusals",
        "",
        MADE,
        "",
        "Each refusal has a code that never changes its meaning. Over HTTP it is a problem",
    ]
    lines += [
        "(RFC 9457) with this status; on the command line, a sentence and exit status 1. *Retry*: the same request may"
    ]
    lines += ["succeed later.", "", "| Code | Status | Retry | Meaning |", "| --- | --- | --- | --- |"]
    for code, refusal in sorted(known_refusals().items()):
        if not refusal.__module__.startswith("regulars."):
            continue
        first = (inspect.getdoc(refusal) or "").split("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{code}` | {status_of(refusal)} | {'yes' if refusal.retryable else ''} | {escape(first)} |")
    return "\n".join(lines) + "\n"


# --- programme -------------------------------------------------------------------------------------------------------


def write_program() -> str:
    described = schema()
    definitions: Json = described["$defs"]
    of_mechanics = {mechanic.settings.__name__ for mechanic in find_mechanics().values()}
    lines = [
        "# The programme document",
        "",
        MADE,
        "",
        "A programme is written in YAML (or JSON). Every number is whole, and",
    ]
    lines += [
        "every date is a local one in `time_zone`. Unknown settings are refused. For editors there is a",
    ]
    lines += ["[JSON Schema](program.schema.json); `regulars program schema` prints it.", ""]
    structs = list_structs([Document])
    wanted = ["Document"]
    for name in wanted:
        shape = definitions[name]
        wanted += [it for it in find_names(shape) if it not in wanted and it not in of_mechanics]
        lines += [f"## {name}", "", clean(shape.get("description", "")), ""]
        lines += [*write_properties(shape, structs[name]), ""]
    return "\n".join(lines).rstrip() + "\n"


def find_names(shape: object) -> list[str]:
    if isinstance(shape, dict):
        found = cast("Json", shape)
        here = [str(found["$ref"]).rpartition("/")[2]] if "$ref" in found else []
        return here + [name for key, each in found.items() if key != "allOf" for name in find_names(each)]
    return (
        [name for each in cast("list[object]", shape) for name in find_names(each)] if isinstance(shape, list) else []
    )


def write_mechanics() -> str:
    lines = [
        "# Mechanics",
        "",
        MADE,
        "",
        "A mechanic is a way to earn. An offer names one in `mechanic` and sets it in",
    ]
    lines += [
        "`settings`. Mechanics are asked by phase: price, base, bonus, state; each phase sees what those before gave.",
        "",
    ]
    for name, mechanic in sorted(find_mechanics().items()):
        module = inspect.getmodule(mechanic.earn)
        lines += [f"## {name}", "", clean(inspect.getdoc(module) or ""), ""]
        lines += [
            f"Phase: {mechanic.usual_phase}. Remembers something of each member: {'yes' if mechanic.memory else 'no'}.",
            "",
        ]
        described = msgspec.json.schema(mechanic.settings, ref_template="#/$defs/{name}")["$defs"]
        structs = list_structs([mechanic.settings])
        wanted = [mechanic.settings.__name__]
        for shape in wanted:
            wanted += [it for it in find_names(described[shape]) if it not in wanted]
            lines += [f"### {name}: {shape}", "", clean(described[shape].get("description", "")), ""]
            lines += [*write_properties(described[shape], structs[shape]), ""]
    return "\n".join(lines).rstrip() + "\n"


def write_fields(struct: type[msgspec.Struct]) -> list[str]:
    if not struct.__struct_fields__ and not struct.__struct_config__.forbid_unknown_fields:
        return ["Settings of any names: text, whole numbers, true or false, or null."]
    described = msgspec.json.schema(struct)["$defs"][struct.__name__]
    return write_properties(described, struct) if described["properties"] else ["No settings."]


def write_properties(shape: Json, struct: type[msgspec.Struct]) -> list[str]:
    """Write a table of what a group of settings may hold."""
    rows = ["| Setting | What | Default | Meaning |", "| --- | --- | --- | --- |"]
    required = shape.get("required", ())
    meanings = read_meanings(struct)
    for name, each in shape.get("properties", {}).items():
        default = "required" if name in required else f"`{json.dumps(each['default'])}`" if "default" in each else ""
        meaning = meanings.get(name) or each.get("description", "")
        rows.append(f"| `{name}` | {escape(say_type(each))} | {default} | {escape(meaning)} |")
    return rows if len(rows) > 2 else ["No settings."]  # noqa: PLR2004 - the two lines of the head


def say_type(each: Json) -> str:
    """Say in words what may stand there."""
    if "anyOf" in each:
        said = [say_type(it) for it in each["anyOf"] if it.get("type") != "null"]
        return " or ".join(dict.fromkeys(said))
    if "$ref" in each:
        return str(each["$ref"]).rpartition("/")[2]
    if "enum" in each:
        return "one of " + ", ".join(f"`{it}`" for it in each["enum"] if it is not None)
    if each.get("type") == "array":
        return "list of " + say_type(cast("Json", each.get("items") or {}))
    if each.get("type") == "object":
        inner = each.get("additionalProperties")
        return "by name: " + say_type(cast("Json", inner)) if isinstance(inner, dict) and inner else "names and values"
    bounds = [f"{word} {each[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in each]
    words = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    kind = words.get(str(each.get("type")), "anything")
    if each.get("format") in {"date", "date-time", "uuid"}:
        kind = str(each["format"]).replace("date-time", "time with its zone")
    return " ".join([kind, *bounds])


def clean(text: str) -> str:
    return inspect.cleandoc(text).replace("\f", "").strip()


def escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in make_pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
