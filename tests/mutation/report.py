"""What became of the mutants, as a table; and whether each survivor is known, with the reason."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.mutation.asking import Answer
from tests.mutation.mutants import Mutant

__all__ = ["judge", "read_reasons", "tabulate"]

REASONS: Final = Path(__file__).with_name("survivors.toml")
KILLED_PERCENT_MIN: Final = 90


def read_reasons() -> dict[str, str]:
    """Read which mutants may survive, and why: by name."""
    read = tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.is_file() else {"survivor": []}
    return {name: group["why"] for group in read["survivor"] for name in group["mutants"]}


def tabulate(mutants: Iterable[Mutant], answers: Mapping[str, Answer]) -> str:
    """Show by file and by kind of mistake how many mutants there were, and how many were killed."""
    lines: list[str] = []
    for title, name_of in (("file", lambda mutant: mutant.path.partition("kernel/")[2]), ("mistake", kind_of)):
        made, killed = Counter[str](), Counter[str]()
        for mutant in mutants:
            if mutant.name in answers:
                for name in (name_of(mutant), "all"):
                    made[name] += 1
                    killed[name] += bool(answers[mutant.name].killed_by)
        lines += ["", f"| {title} | mutants | killed | |", "| --- | ---: | ---: | ---: |"]
        names = sorted(made, key=lambda name: (name == "all", name))
        lines += [
            f"| {name} | {made[name]} | {killed[name]} | {killed[name] * 100 // made[name]} % |" for name in names
        ]
    return "\n".join(lines[1:])


def kind_of(mutant: Mutant) -> str:
    return f"{'SQL' if mutant.path.endswith('.sql') else 'Python'}: {mutant.mistake}"


def judge(mutants: Sequence[Mutant], answers: Mapping[str, Answer], reasons: Mapping[str, str]) -> int:
    """Give 1 when a mutant survives without a reason, or too many do; a reason for one that is dead is only told."""
    survivors = [mutant.name for mutant in mutants if mutant.name in answers and not answers[mutant.name].killed_by]
    unexplained = [name for name in survivors if name not in reasons]
    for name in unexplained:
        print(f"survived, and nobody says why: {name}")  # noqa: T201
    for mutant in mutants:
        if mutant.name in reasons and mutant.name not in survivors and mutant.name in answers:
            print(f"is killed now, so it needs no reason: {mutant.name}")  # noqa: T201
    percent = 100 - len(survivors) * 100 / max(len(answers), 1)
    print(f"{len(answers)} mutants, {len(answers) - len(survivors)} killed: {percent:.1f} %")  # noqa: T201
    return int(bool(unexplained) or percent < KILLED_PERCENT_MIN)
