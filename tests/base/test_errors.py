"""A refusal's code is its meaning for ever: it is checked where it is defined."""

import pickle
from typing import ClassVar

import pytest

from regulars.base.errors import DiskFull, Kind, Refusal, known_refusals


class TillClosed(Refusal):
    code, kind = "till_closed", "conflict"


def test_a_refusal_carries_a_sentence_and_the_facts_behind_it() -> None:
    refusal = TillClosed("Till 4 is closed.", till=4)
    assert (str(refusal), refusal.detail, refusal.context) == ("Till 4 is closed.", "Till 4 is closed.", {"till": 4})
    assert (refusal.code, refusal.kind, refusal.retryable) == ("till_closed", "conflict", False)
    assert DiskFull.retryable


def test_a_refusal_survives_the_way_between_processes() -> None:
    back = pickle.loads(pickle.dumps(TillClosed("Closed.", till=4)))
    assert (type(back), back.detail, back.context) == (TillClosed, "Closed.", {"till": 4})


@pytest.mark.parametrize(
    ("code", "kind", "complaint"),
    [
        (None, "conflict", "needs a code of its own"),
        ("Till-Closed", "conflict", "needs a code of its own"),
        ("", "conflict", "needs a code of its own"),
        ("till_lost", "sometimes", "needs a kind"),
        ("till_lost", None, "needs a kind"),
        ("till_closed", "conflict", "already belongs to"),
    ],
)
def test_a_refusal_that_is_badly_defined_cannot_be_defined(code: str | None, kind: str | None, complaint: str) -> None:
    body = {name: value for name, value in (("code", code), ("kind", kind)) if value is not None}
    with pytest.raises(TypeError, match=complaint):
        type("Bad", (Refusal,), body)
    assert known_refusals()["till_closed"] is TillClosed


def test_a_child_needs_a_code_of_its_own_but_may_keep_the_kind() -> None:
    with pytest.raises(TypeError, match="needs a code of its own"):

        class Silent(TillClosed):  # pyright: ignore[reportUnusedClass]
            pass

    class TillStolen(TillClosed):
        code: ClassVar[str] = "till_stolen"

    kind: Kind = TillStolen.kind
    assert kind == "conflict"


def test_a_module_that_is_loaded_again_may_define_its_refusals_again() -> None:
    again = type("TillClosed", (Refusal,), {"code": "till_closed", "kind": "conflict", "__module__": __name__})
    assert known_refusals()["till_closed"] is again
