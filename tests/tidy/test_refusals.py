"""A refusal's code means one thing for ever."""

import ast
from collections import defaultdict

from tests.tidy.house import File, list_files


def find_codes(files: tuple[File, ...]) -> dict[str, list[str]]:
    """Find where each refusal code is given: `code = "x"` or `code, kind = "x", "y"` in the body of a class."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for owner in file.nodes:
            for node in owner.body if isinstance(owner, ast.ClassDef) else []:
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    names = target.elts if isinstance(target, ast.Tuple) else [target]
                    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                    for name, value in zip(names, values, strict=False):
                        if ast.unparse(name) == "code" and isinstance(value, ast.Constant):
                            found[str(value.value)].append(f"{file.path}:{node.lineno}")
    return found


def test_codes_are_unique() -> None:
    files = tuple(file for file in list_files() if file.matches("src/*.py"))
    codes = find_codes(files)
    assert "database_unavailable" in codes, "the refusals are not where this test looks"
    assert {code: places for code, places in codes.items() if len(places) > 1} == {}


def test_a_code_used_twice_is_seen() -> None:
    text = """
class OutOfStock(Refusal):
    code, kind, retryable = "taken", "conflict", True
class SeatTaken(Refusal):
    code: str = "taken"
"""
    assert find_codes((File(path="a.py", text=text),)) == {"taken": ["a.py:3", "a.py:5"]}
