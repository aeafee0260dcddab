"""What the tests of mechanics share."""

from hypothesis import strategies as st

from regulars.kernel.nouns import Activity, Returned, Ruling
from regulars.kernel.program import Plan
from tests.program.story import bring_back, count

__all__ = ["take_all_back"]


def take_all_back(data: st.DataObject, deal: Plan, purchase: Activity, given: Ruling) -> list[Ruling]:
    """Return every line of a purchase in two parts, in any order, and see that exactly everything is taken back."""
    parts: list[Returned] = []
    for number, line in enumerate(purchase.lines, start=1):
        cut = data.draw(st.integers(0, line.amount_minor))
        milli = line.quantity_milli // 2
        parts += [
            Returned(line=number, amount_minor=cut, quantity_milli=milli),
            Returned(line=number, amount_minor=line.amount_minor - cut, quantity_milli=line.quantity_milli - milli),
        ]
    answers = bring_back(deal, purchase, given, [[part] for part in data.draw(st.permutations(parts))])
    taken: dict[tuple[str, str], int] = {}
    for answer in answers:
        for key, points in count(answer).items():
            assert points < 0
            taken[key] = taken.get(key, 0) - points
        for posting in answer.postings:
            assert sum(part for _, part in posting.lines) == posting.points
    assert taken == count(given)
    return answers
