"""Expressions that a marketer writes, checked when they are saved and judged within bounds when a basket comes.

The language is a part of CEL (Common Expression Language): whole numbers, text, truth, times, lists, `all`, `exists`,
`filter`, `map`. This room knows nothing about offers. What others use:

    environment = describe_loyalty(traits={"tier": Text(values=("gold",))}, currencies=("points",), stores=None)
    condition = compile_condition("basket.total >= 5000", environment, gives="bool")   # Condition[bool]
    formula = compile_condition("basket.total / 100", environment, gives="int")        # Condition[int]

    view = look(environment, step, zone, metrics={}, context={})    # once per step, shared by all conditions
    condition.judge(view)      # True or False; formula.judge(view): a whole number within 2**53
    condition.explain(view)    # Part: text, truth, failed, values, needs, parts (its && and ||), decides
    condition.fields           # frozenset of what it names: {"basket.total"}

`compile_condition` raises ConditionInvalid: a refusal whose `problems` are `program.model.Problem`s with the line and the
column in the text of the condition, from 1. `judge` raises ConditionFailed, whose `why` is one of `FAILURES`
(divided_by_zero, overflow, missing_key, wrong_type, budget_exceeded, out_of_range, bad_value): the condition could not
be judged for this basket; nothing was changed, and the caller decides what that means.

`describe_loyalty(..., line=True)` has a further root `line` for formulas by line; `view.over_line(line)` is the same view
with that line. `vet_conditions(environment, [(text, gives), …])` compiles and tries texts of strangers in a child process
with bounded memory and time, and answers with the problems of each.
"""
