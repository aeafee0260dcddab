"""Expressions that a marketer writes, checked when they are saved and judged within bounds when a basket comes.

The language is a part of CEL (Common Expression Language): whole numbers, text, truth, times, lists, `all`, `exists`,
`filter`, `map`, `sum`. This room knows nothing about offers. How others use it:

    environment = describe_loyalty(traits={"tier": Text(values=("gold",))}, currencies=("points",))
    condition = compile_condition("basket.total >= 5000", environment, gives="bool")  # Condition[bool]
    formula = compile_condition("basket.total / 100", environment, gives="int")       # Condition[int]

    view = look(environment, step, zone, metrics={}, context={})  # once per step, shared by all conditions
    condition.judge(view)    # True or False; formula.judge(view): a whole number within 2**53
    condition.explain(view)  # Explained: text, value, failed, decides, values, needs, operator, parts
    condition.fields         # the paths of what it names: {"basket.total"}

`compile_condition` raises ConditionInvalid: a refusal whose `problems` are `program.model.Problem`s with the line and
the column in the text of the condition, from 1. `judge` raises ConditionFailed, whose `why` is one of FAILURES: the
condition could not be judged for this basket; nothing was changed, and the caller decides what that means.

`describe_loyalty(…, line=True)` adds the root `line`, for formulas by line; `look_at_line(view, line)` is the same view
with that line. `vet_conditions(environment, [(text, gives), …])` compiles and tries the texts of strangers in a child
process with bounded memory and time, and answers with the problems of each.
"""

from regulars.kernel.program.conditions.condition import Condition, Gives, compile_condition
from regulars.kernel.program.conditions.engine import FAILURES, ConditionFailed, EngineMissing, Failure, find_engines
from regulars.kernel.program.conditions.explain import Explained, Need
from regulars.kernel.program.conditions.loyalty import OWN_FIELDS, describe_loyalty, look, look_at_line
from regulars.kernel.program.conditions.shapes import (
    SCALAR,
    TEXT,
    TIME,
    TRUTH,
    WHOLE,
    ListOf,
    MapOf,
    Record,
    Shape,
    Text,
)
from regulars.kernel.program.conditions.vet import vet_conditions
from regulars.kernel.program.conditions.view import Environment, View, make_environment
from regulars.kernel.program.conditions.words import ConditionInvalid

__all__ = [
    "FAILURES",
    "OWN_FIELDS",
    "SCALAR",
    "TEXT",
    "TIME",
    "TRUTH",
    "WHOLE",
    "Condition",
    "ConditionFailed",
    "ConditionInvalid",
    "EngineMissing",
    "Environment",
    "Explained",
    "Failure",
    "Gives",
    "ListOf",
    "MapOf",
    "Need",
    "Record",
    "Shape",
    "Text",
    "View",
    "compile_condition",
    "describe_loyalty",
    "find_engines",
    "look",
    "look_at_line",
    "make_environment",
    "vet_conditions",
]
