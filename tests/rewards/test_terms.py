"""What members are told of a reward, in both languages; and every setting that changes what they get shows in it."""

import pytest
from msgspec import Struct

from regulars.features.rewards.mechanic import Settings
from regulars.kernel.program.meanings import list_structs
from regulars.kernel.program.terms import Language
from tests.program.story import BASE, problems
from tests.program.telling import HEAD, LANGS, tell

MUG = "reward: mug, title: {en: A mug, zh-CN: 马克杯}"
POINTS = "price: [{currency: points, points: 100}]"
PLAIN = f"{MUG}, {POINTS}"
SETTINGS = {
    "Settings.title": (PLAIN, PLAIN.replace("A mug", "A cup").replace("马克杯", "杯子")),
    "Settings.price": (PLAIN, PLAIN.replace("}]", "}, {currency: points, points: 10, cash_minor: 500}]")),
    "Settings.text": (PLAIN, PLAIN + ", text: {en: Holds coffee., zh-CN: 可盛咖啡。}"),
    "Settings.sort": (PLAIN, PLAIN + ", sort: partner"),
    "Settings.stock": (PLAIN, PLAIN + ", stock: true"),
    "Settings.quantity_max": (PLAIN, PLAIN + ", quantity_max: 3"),
    "Settings.fulfilment": (PLAIN, PLAIN + ", fulfilment: at_once"),
    "Settings.collect_days": (PLAIN + ", collect_days: 7", PLAIN + ", collect_days: 8"),
    "Settings.uncollected": (PLAIN + ", collect_days: 7", PLAIN + ", collect_days: 7, uncollected: refund"),
    "Price.currency": (PLAIN, PLAIN.replace("currency: points", "currency: coins")),
    "Price.points": (PLAIN, PLAIN.replace("points: 100", "points: 200")),
    "Price.cash_minor": (
        PLAIN.replace("points: 100", "points: 100, cash_minor: 500"),
        PLAIN.replace("points: 100", "points: 100, cash_minor: 600"),
    ),
}
"""By setting: settings before and after a change of it."""
SILENT = {
    "Settings.reward": "the name of the reward for machines",
    "Settings.image": "a picture; the terms are text",
    "Settings.coupon": "the name of the coupon for machines; its own offer tells what it does",
}
CANCELLED = "the exchange can be cancelled: the points come back with the end that they had."
COINS = HEAD.replace(
    "  stars:\n",
    "  coins:\n    kind: spendable\n    name: {en: Coins, zh-CN: 金币}\n    expiry: {model: never}\n  stars:\n",
)


def offer(settings: str, id_: str = "it") -> str:
    return f"  - {{id: {id_}, mechanic: rewards, on: [reward, reward_state], settings: {{{settings}}}}}\n"


def list_settings(types: list[type[Struct]]) -> set[str]:
    return {
        f"{name.rpartition('.')[2]}.{field}"
        for name, struct in list_structs(types).items()
        for field in struct.__struct_encode_fields__
    }


def test_every_setting_is_tried() -> None:
    assert list_settings([Settings]) == SETTINGS.keys() | SILENT.keys()


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_that_changes_what_a_member_gets_shows(setting: str, lang: Language) -> None:
    before, after = (tell(COINS + BASE + offer(it), lang) for it in SETTINGS[setting])
    assert before != after


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            [
                "100 Points or 10 Points and $5 can be exchanged for “A mug”.",
                "While stocks last: what is gone cannot be ordered.",
                "It can be collected on the day on which it is ready, and until 7 days after it.",
                "If it is not collected by then, the order ends, and the points are not given back.",
                f"Until it is handed over, {CANCELLED}",
            ],
        ),
        (
            "zh",
            [
                "100积分或10积分加5美元可兑换“马克杯”。",
                "数量有限，兑完即止。",
                "可领取当日起，至其后第7天止可领取。",
                "逾期未领取的，订单结束，积分不予退还。",
                "领取前可取消兑换，积分按原有效期退回。",
            ],
        ),
    ],
)
def test_members_are_told_what_it_costs_and_what_becomes_of_it(lang: Language, said: list[str]) -> None:
    settings = PLAIN.replace("}]", "}, {currency: points, points: 10, cash_minor: 500}]") + ", stock: true"
    told = tell(HEAD + BASE + offer(settings + ", collect_days: 7"), lang)
    start = told.index(said[0])
    assert told[start : start + len(said)] == said


def test_two_offers_cannot_have_one_reward() -> None:
    (found,) = problems(HEAD + BASE + offer(PLAIN) + offer(PLAIN, "other"))
    assert "the order 'mug' is the offer 'it' already" in found[2]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (PLAIN.replace("currency: points", "currency: gold"), "the currency 'gold' is not among"),
        (PLAIN.replace("currency: points", "currency: stars"), "'stars' decide the level; only spendable"),
        (PLAIN + ", sort: coupon, coupon: welcom", "no offer of the programme gives out the coupon 'welcom'"),
    ],
)
def test_what_a_reward_speaks_of_must_be_there(settings: str, says: str) -> None:
    assert [says in message for _, _, message in problems(HEAD + BASE + offer(settings))] == [True]
