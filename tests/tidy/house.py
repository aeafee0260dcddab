"""The rules of the house that no other tool checks. A rule looks at one file and yields (line, complaint)."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
ROUTE_STATEMENTS_MAX = 6

Complaint = tuple[int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of this repository: where it is, from the root, and what it says."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in a Python file, function bodies included."""
        return list(ast.walk(ast.parse(self.text)))

    @cached_property
    def sql(self) -> str:
        """An SQL file without what only looks like SQL: comments and strings. Lines stay where they are."""
        return re.sub(r"--[^\n]*|'(?:[^']|'')*'", "''", self.text)

    def matches(self, *patterns: str) -> bool:
        """Tell whether the path is one of these, where a star stands for anything, folders included."""
        return any(fnmatchcase(self.path, pattern) for pattern in patterns)


Rule = Callable[[File], Iterator[Complaint]]


@cache
def list_files() -> tuple[File, ...]:
    """Read every text file that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git is where it is
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: list[File] = []
    for path in sorted(set(listing.split("\0")) - {""}):
        content = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in content:
            found.append(File(path=path, text=content.decode()))
    return tuple(found)


def limit_functions(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, Function):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines; {FUNCTION_LINES_MAX} fit a screen"


def limit_files(file: File) -> Iterator[Complaint]:
    lines = file.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield lines, f"{lines} lines; {FILE_LINES_MAX} fit a sitting"


def say_what_the_room_is(file: File) -> Iterator[Complaint]:
    module = ast.parse(file.text)
    first, *_ = (ast.get_docstring(module) or "").splitlines() or [""]
    if not re.fullmatch(r"[A-Z].*\.", first):
        yield 1, "the first line says, in a sentence, what this room is"
    exports = any(isinstance(node, ast.Import | ast.ImportFrom | Function) for node in module.body)
    if exports and not any(isinstance(node, ast.Name) and node.id == "__all__" for node in file.nodes):
        yield 1, "what the room offers is listed in __all__"


JOB_TITLE = re.compile(r"(Manager|Service|Helper|Utils?|Handler|Impl)(?![a-z])")
JUNK_ROOM = re.compile(r"(utils?|helpers?|services?|managers?|handlers?|repositor(y|ies)|common|misc)")


def refuse_job_titles(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, ast.ClassDef) and JOB_TITLE.search(node.name):
            yield node.lineno, f"{node.name} is a job title; name what it is, or write a verb"
    for part in PurePosixPath(file.path).with_suffix("").parts:
        if JUNK_ROOM.fullmatch(part):
            yield 1, f"{part!r} says nothing about what is in it"


def find_room(path: str) -> str:
    """Name the room an SQL file belongs to, which is also the name of its schema."""
    folder = PurePosixPath(path).parent
    return folder.parent.name if folder.name == "migrations" else folder.name


@cache
def list_schemas() -> frozenset[str]:
    """Name every schema there is: one for each room that has SQL."""
    return frozenset(find_room(file.path) for file in list_files() if file.matches("src/*.sql"))


def keep_to_own_schema(file: File) -> Iterator[Complaint]:
    own = find_room(file.path)
    for found in re.finditer(r"(?<![\w.:])([a-z_]+)\.[a-z_]", file.sql):
        if found[1] in list_schemas() - {own}:
            yield line_of(file.sql, found), f"names the schema {found[1]!r}; this room is {own!r}"


CREATED = re.compile(
    r"\bCREATE\s+(?:\w+\s+)*?(SCHEMA|TABLE|VIEW|SEQUENCE|TYPE|DOMAIN|INDEX)\s+(?:(?:CONCURRENTLY|IF\s+NOT\s+EXISTS)\s+)*"
    r"(?:\w+\s+ON\s+)?(?:ONLY\s+)?([\w.]+)",
    re.IGNORECASE,
)


def create_in_own_schema(file: File) -> Iterator[Complaint]:
    own = find_room(file.path)
    if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", PurePosixPath(file.path).name):
        yield 1, "a migration is named 0001_what_it_does.sql"
    for found in CREATED.finditer(file.sql):
        if found[2].split(".")[0] != own or (found[1].upper() != "SCHEMA" and "." not in found[2]):
            yield line_of(file.sql, found), f"creates {found[2]}, which is not in {own!r}"


UNWELCOME_SQL = {
    r"\bCREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE|(CONSTRAINT\s+)?TRIGGER|RULE)\b": "logic lives in Python",
    r"\bDO\s+(LANGUAGE\s+\w+\s+)?\$": "logic lives in Python",
    r"\b(COMMIT|ROLLBACK|SAVEPOINT)\b": "only base/db.py ends a transaction",
    r"\buuidv7\s*\(": "PostgreSQL 15 has no uuidv7(); ids are made at the door",
    r"\bSELECT\s+(\w+\.)?\*": "columns are written out",
}
CLOCK_SQL = (
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|random|gen_random_uuid)\s*\("
    r"|\bcurrent_(date|time|timestamp)\b|\blocaltime(stamp)?\b"
)


def write_plain_sql(file: File) -> Iterator[Complaint]:
    unwelcome = dict(UNWELCOME_SQL)
    # Ledger time has to come from somewhere: base asks the database once, and hands it in.
    if find_room(file.path) != "base":
        unwelcome[CLOCK_SQL] = "time and chance are handed in"
    for pattern, why in unwelcome.items():
        for found in re.finditer(pattern, file.sql, re.IGNORECASE):
            yield line_of(file.sql, found), f"{found[0]!r}: {why}"


def line_of(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


def refuse_floats(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno, "float: points are whole, ratios are two whole numbers"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"{node.value}: points are whole, ratios are two whole numbers"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node.lineno, "/ makes a float; // says how it rounds"


VERBS = {"get", "post", "put", "patch", "delete"}


def limit_routes(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, Function) and any(is_route(decorator) for decorator in node.decorator_list):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            count = sum(isinstance(inner, ast.stmt) for statement in body for inner in ast.walk(statement))
            if count > ROUTE_STATEMENTS_MAX:
                yield node.lineno, f"{node.name} has {count} statements; a door is thin: {ROUTE_STATEMENTS_MAX}"


def is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in VERBS
    )


def commit_in_one_place(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"}:
            yield node.lineno, f".{node.attr}: only base/db.py ends a transaction"
        if isinstance(node, ast.Constant) and str(node.value).upper().strip(" ;") in {"BEGIN", "COMMIT", "ROLLBACK"}:
            yield node.lineno, f"{node.value!r}: only base/db.py ends a transaction"


CHANCY_MODULES = {"random", "secrets", "time"}
CHANCY_OWNERS = {"ids", "os", "uuid", "uuid_utils"}
CHANCY_NAMES = {"new_id", "token_bytes", "urandom", "uuid1", "uuid4", "uuid7"}


def hand_in_clock_and_chance(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, ast.Import):
            told = {alias.name for alias in node.names} & CHANCY_MODULES
        elif isinstance(node, ast.ImportFrom):
            told = ({node.module or ""} & CHANCY_MODULES) | ({alias.name for alias in node.names} & CHANCY_NAMES)
        elif isinstance(node, ast.Attribute):
            # Of a module or a class, that is: `house.new_id()` was handed in, `ids.new_id()` was not.
            owner = ast.unparse(node.value).split(".")[-1]
            asked = {"now", "utcnow", "today"} if owner in {"date", "datetime"} else set[str]()
            told = {node.attr} & (asked | (CHANCY_NAMES if owner in CHANCY_OWNERS else set()))
        else:
            continue
        for name in sorted(told):
            yield node.lineno, f"{name}: clock and chance are handed in"


def read_environment_once(file: File) -> Iterator[Complaint]:
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}:
            yield node.lineno, f".{node.attr}: the environment is read in base/settings.py"
        if (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {"environ", "getenv"} & {a.name for a in node.names}
        ):
            yield node.lineno, "the environment is read in base/settings.py"


def end_transactions_before_answering(file: File) -> Iterator[Complaint]:
    """FastAPI ends a dependency after the response is sent, unless its scope is the function."""
    for node in file.nodes:
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Annotated"):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
            annotation, provided = (parts[0], parts[1:]) if parts else (None, [])
        elif isinstance(node, ast.arguments):
            yield from check_defaults(node)
            continue
        else:
            continue
        if annotation is not None and is_tx(annotation) and any(is_late(part) for part in provided):
            yield node.lineno, 'a Tx is provided with scope="function", or it commits after the answer'


def check_defaults(arguments: ast.arguments) -> Iterator[Complaint]:
    placed = [*arguments.posonlyargs, *arguments.args]
    defaults = [*zip(placed[len(placed) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    for argument, default in [*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        if argument.annotation is not None and default is not None and is_tx(argument.annotation) and is_late(default):
            yield argument.lineno, 'a Tx is provided with scope="function", or it commits after the answer'


def is_tx(annotation: ast.expr) -> bool:
    return bool(re.search(r"\bTx\b", ast.unparse(annotation)))


def is_late(provided: ast.expr) -> bool:
    if not (isinstance(provided, ast.Call) and ast.unparse(provided.func).split(".")[-1] in {"Depends", "Security"}):
        return False
    return not any(word.arg == "scope" and ast.unparse(word.value) == "'function'" for word in provided.keywords)


# The brackets keep these lines from matching themselves.
PRIVATE_TEXT = {
    r"py[p]i\.org|python[h]osted|npm[j]s\.|deb[.]debian\.org|crates[.]io|proxy\.go[l]ang": "names a registry's host",
    r"(?<![\w.$}])/(wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+)(/|\b)": "is a path of one machine",
    r"[.][.]/share[d]\b": "is not part of this repository",
}


def stay_on_any_machine(file: File) -> Iterator[Complaint]:
    for pattern, why in PRIVATE_TEXT.items():
        for found in re.finditer(pattern, file.text):
            yield line_of(file.text, found), f"{found[0]!r} {why}"
