"""Kinds of activity that a programme declares: what is told with them is what was declared, or refused."""

import msgspec
import pytest

from regulars.kernel import program
from regulars.kernel.nouns import Activity, Scalar
from regulars.kernel.program import ProgramInvalid
from tests.spine.conftest import PROGRAM, Shop, ask, buy

REVIEWS = """
  - id: thanks
    mechanic: bonus
    on: [review]
    limits: [{times: 1, per: member, period: day}]
    settings: {currency: points, points: 20}
activities:
  review:
    name: {en: Reviews, zh-CN: 写评价}
    data:
      stars: {type: number, min: 1, max: 5, required: true}
      text: {type: text, max: 20}
      sort: {type: text, one_of: [tea, cake]}
      photo: {type: flag}
"""


@pytest.fixture
async def reviews(shop: Shop) -> Shop:
    await shop.publish(PROGRAM + REVIEWS)
    await shop.receipt(buy("0", 100))
    return shop


def review(name: str, shop: Shop, **data: Scalar) -> Activity:
    return msgspec.structs.replace(ask("review", name, at=shop.at), data=data)


async def test_what_was_declared_is_taken(reviews: Shop) -> None:
    receipt = await reviews.receipt(review("1", reviews, stars=5, text="good", sort="tea", photo=True))
    assert [posted.points for posted in receipt.postings] == [20]
    assert (await reviews.receipt(review("2", reviews, stars=1, text=None))).postings == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "data.stars: this is required"),
        ({"stars": 6}, "data.stars: at most 5 is expected"),
        ({"stars": 0}, "data.stars: at least 1 is expected"),
        ({"stars": "five"}, "data.stars: a whole number is expected"),
        ({"stars": True}, "data.stars: a whole number is expected"),
        ({"stars": 5, "text": 3}, "data.text: a text is expected"),
        ({"stars": 5, "text": "x" * 21}, "data.text: at most 20 letters is expected"),
        ({"stars": 5, "sort": "soup"}, "data.sort: one of tea, cake is expected"),
        ({"stars": 5, "photo": 1}, "data.photo: true or false is expected"),
        ({"stars": 5, "start": 1}, "data.start: the programme declares no such thing; it declares "),
    ],
)
async def test_what_was_not_is_refused_and_leaves_no_trace(reviews: Shop, data: dict[str, Scalar], says: str) -> None:
    (outcome,) = await reviews.send(review("1", reviews, **data))
    assert outcome.refusal is not None
    assert (outcome.refusal.code, says in outcome.refusal.detail) == ("data_invalid", True), outcome.refusal.detail
    assert (await reviews.receipt(review("1", reviews, stars=5))).postings


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("min: 1, max: 5", "min: 6, max: 5"), "'min' is more than 'max'"),
        (("type: flag", "type: flag, one_of: [a]"), "only a text is 'one_of' a list"),
        ((", zh-CN: 写评价", ""), "the name in 'zh-CN' is missing"),
        (("type: flag", "type: picture"), "picture"),
    ],
)
def test_what_cannot_be_declared_is_refused(changed: tuple[str, str], says: str) -> None:
    with pytest.raises(ProgramInvalid, match=says):
        program.compile_plan(program.parse((PROGRAM + REVIEWS).replace(*changed)))
