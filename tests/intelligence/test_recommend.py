"""What members buy next: sources, order, rules; on made-up shops where the answer is known."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from regulars.intelligence.evaluation import stay_silent
from regulars.intelligence.history import History
from regulars.intelligence.ranking import judge_order, keep_best
from regulars.intelligence.recommend import Level, count_baskets, find_target, learn_order, score_plainly
from regulars.intelligence.recommend import baskets as counting
from regulars.intelligence.recommend.features import describe_pairs
from regulars.intelligence.recommend.learning import _teach
from regulars.intelligence.recommend.suggest import Rules, suggest_all, suggest_beside
from regulars.intelligence.recommend.task import evaluate
from tests.intelligence.makers import START, make_history, make_line

WEEKS = 30
CUTOFF = START + timedelta(weeks=26)


def make_grocer(members: int = 150, seed: int = 3) -> History:
    """Members with favourites, each bought at a pace of its own: what is due is known from the pace alone."""
    rng = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for number in range(members):
        store = f"s{number % 2}"
        favourites = rng.choice(60, 8, replace=False)
        paces, phases = rng.integers(2, 7, 8), rng.integers(0, 7, 8)
        for week in range(WEEKS):
            day = START + timedelta(days=7 * week + number % 7)
            habits = zip(favourites, paces, phases, strict=True)
            due = [int(item) for item, pace, phase in habits if (week + int(phase)) % int(pace) == 0]
            lines.extend(
                make_line(
                    f"m{number:03}", day, sku=f"i{item:02}", type=f"t{item // 3}", category=f"c{item // 9}", store=store
                )
                for item in sorted({*due, int(rng.integers(60))})
            )
    return make_history(lines)


@pytest.fixture(scope="module")
def grocer() -> History:
    return make_grocer()


def test_target_is_the_first_day_basket_of_members_who_are_known(grocer: History) -> None:
    baskets = count_baskets(grocer.before(CUTOFF), CUTOFF, "sku")
    target = find_target(grocer, baskets)
    assert target.covered == 1.0
    first = grocer.lines.filter((pl.col("day") >= CUTOFF) & (pl.col("member") == "m000"))
    first = first.filter(pl.col("day") == first["day"].min())["sku"].unique().sort()
    wanted = target.wanted.join(baskets.members.filter(pl.col("member") == "m000"), on="u").join(baskets.items, on="i")
    assert wanted["item"].sort().to_list() == first.to_list()


def test_nothing_from_the_cutoff_on_changes_what_is_counted(grocer: History) -> None:
    cut = count_baskets(grocer.before(CUTOFF), CUTOFF, "sku")
    whole = count_baskets(grocer, CUTOFF, "sku")
    assert cut.bought.equals(whole.bought)
    assert cut.items.equals(whole.items)
    assert cut.members.equals(whole.members)


def test_nothing_from_the_cutoff_on_changes_what_is_learned(grocer: History) -> None:
    spoilt = History(
        lines=grocer.lines.with_columns(
            sku=pl.when(pl.col("day") >= CUTOFF).then(pl.lit("i00")).otherwise("sku"),
        ),
        members=grocer.members,
    )
    ranked = [learn_order(history, CUTOFF, "sku", stay_silent, lessons=2) for history in (grocer, spoilt)]
    assert ranked[0].order == ranked[1].order
    assert ranked[0].chance == ranked[1].chance
    assert ranked[0].trial == ranked[1].trial


def test_an_order_that_was_learned_beats_what_was_bought_before(grocer: History) -> None:
    outcome = evaluate("sku", grocer, CUTOFF, stay_silent)
    assert outcome.paired["ndcg@10"].difference > 3 * outcome.paired["ndcg@10"].standard_error
    # Ten places have room for all eight favourites: only what stands in front can be better.
    assert outcome.metrics["ndcg@10"] > outcome.baseline["ndcg@10"] + 0.05
    assert 0 < outcome.metrics["candidate_recall"] <= 1


def test_of_types_it_is_told_in_which_share_of_baskets_they_were_and_how_much_of_them_they_filled() -> None:
    day = START + timedelta(days=200)
    bought = {"m1": [(180, "a"), (180, "b"), (90, "a")], "m2": [(20, "b"), (10, "b"), (10, "c")]}
    lines = [
        make_line(member, day - timedelta(days=age), sku=name, type=name, category=name)
        for member, some in bought.items()
        for age, name in some
    ]
    history = make_history(lines)
    baskets = count_baskets(history, day, "type", sales_min=1)
    pairs = describe_pairs(history, baskets, baskets.members["u"])
    told = pairs.join(baskets.items.select("i", "item"), on="i").join(baskets.members.select("u", "member"), on="u")
    found = {(row["member"], row["item"]): row for row in told.to_dicts()}
    # Their basket of 90 days ago counts half, that of 180 days ago a quarter, and there were two things in that.
    for item, share, part in (("a", 1, 5 / 6), ("b", 1 / 3, 1 / 6)):
        assert found["m1", item]["share_90"] == pytest.approx(share)
        assert found["m1", item]["part_90"] == pytest.approx(part)
    # Of the two baskets of the last four weeks, b was one, and half of another.
    assert found["m2", "b"]["item_part"] == pytest.approx(3 / 4)
    assert [found["m2", item]["share_180_place"] for item in "bc"] == [1, 2]


@pytest.mark.parametrize(("level", "power"), [("sku", 0.0), ("type", 0.5)])
def test_of_types_each_basket_that_followed_weighs_less_than_its_size(
    grocer: History, level: Level, power: float
) -> None:
    known = grocer.before(CUTOFF + timedelta(days=28))
    lesson, _, target = _teach(known, known, CUTOFF, level)
    sizes = dict(target.wanted.group_by("u").len().iter_rows())
    assert len(set(sizes.values())) > 1
    weights = dict(lesson.select("u", "weight").unique().iter_rows())
    assert weights == {u: pytest.approx(size**-power) for u, size in sizes.items()}


def test_too_short_a_history_keeps_to_what_was_bought_before(grocer: History) -> None:
    early = START + timedelta(weeks=6)
    ranker = learn_order(grocer, early, "sku", stay_silent)
    assert not ranker.is_learned
    assert "too few weeks" in ranker.why
    baskets = count_baskets(grocer.before(early), early, "sku", sales_min=3)
    known = baskets.members["u"]
    scored = ranker.score(grocer.before(early), baskets, known)
    assert scored.sort("u", "i").equals(score_plainly(baskets).sort("u", "i"))


def test_suggestions_keep_the_rules_of_the_house(grocer: History) -> None:
    baskets = count_baskets(grocer.before(CUTOFF), CUTOFF, "sku")
    ranker = learn_order(grocer.before(START + timedelta(weeks=6)), START + timedelta(weeks=6), "sku", stay_silent)
    rules = Rules(places=6, per_category=2, never=frozenset({"i05", "c1"}))
    told = suggest_all(grocer, baskets, ranker, rules).join(baskets.items.select("item", "category"), on="item")
    assert told.group_by("member").len()["len"].max() == 6
    assert told.group_by("member", "category").len()["len"].max() == 2
    assert not set(told["item"]) & {"i05", *(f"i{item:02}" for item in range(9, 18))}
    only = suggest_all(grocer, baskets, ranker, Rules(only=frozenset({"i01", "i02"})))
    assert set(only["item"]) == {"i01", "i02"}


def test_places_kept_for_what_is_new_hold_what_was_never_bought() -> None:
    told = pl.DataFrame(
        {"u": [0] * 5, "i": [0, 1, 2, 3, 4], "score": [5.0, 4, 3, 2, 1], "why": ["again"] * 3 + ["new"] * 2},
        schema_overrides={"u": pl.Int32, "i": pl.Int32},
    )
    baskets = counting.Baskets(
        cutoff=CUTOFF,
        level="sku",
        bought=pl.DataFrame(),
        items=pl.DataFrame(
            {"i": range(5), "item": list("abcde"), "category": list("abcde")}, schema_overrides={"i": pl.Int32}
        ),
        members=pl.DataFrame(),
    )
    from regulars.intelligence.recommend.suggest import _pick

    picked = _pick(baskets, told, Rules(places=3, new_places=1))
    assert picked.sort("place")["item"].to_list() == ["a", "b", "d"]
    assert _pick(baskets, told, Rules(places=3))["item"].to_list() == ["a", "b", "c"]


def test_a_stranger_gets_what_their_store_sells(grocer: History) -> None:
    day = CUTOFF - timedelta(days=1)
    stranger = [make_line("new", day, sku="i00", type="t0", category="c0", store="s1")]
    history = make_history([*grocer.lines.to_dicts(), *stranger])
    baskets = count_baskets(history.before(CUTOFF), CUTOFF, "sku")
    ranker = learn_order(history.before(START), START, "sku", stay_silent)
    told = suggest_all(history, baskets, ranker, Rules(places=4)).filter(pl.col("member") == "new")
    assert told["why"].to_list() == ["popular"] * 4
    late = baskets.bought.filter((pl.col("store") == "s1") & (pl.col("age") <= 28)).group_by("i").len("n")
    best = late.join(baskets.items, on="i").sort("n", descending=True)
    least = best["n"][3]
    assert set(told["item"]) <= set(best.filter(pl.col("n") >= least)["item"])


def test_beside_a_basket_stands_what_is_bought_with_it() -> None:
    lines = []
    for number in range(60):
        day = START + timedelta(days=number)
        pair = ("bread", "butter") if number % 2 else ("beer", "crisps")
        lines += [make_line(f"m{number % 20}", day, sku=sku, category=sku) for sku in pair]
    baskets = count_baskets(make_history(lines), START + timedelta(days=60), "sku")
    assert suggest_beside(baskets, ["bread"], Rules()) == ["butter"]
    assert suggest_beside(baskets, ["caviar"], Rules()) == []


@pytest.mark.parametrize(
    ("order", "wanted", "recall", "gain"),
    [
        (["a", "b", "c"], ["a"], 1.0, 1.0),
        (["a", "b", "c"], ["b"], 1.0, 1 / np.log2(3)),
        (["a", "b", "c"], ["z"], 0.0, 0.0),
        (["a", "b", "c"], ["a", "z"], 0.5, 1 / (1 + 1 / np.log2(3))),
    ],
)
def test_an_order_is_judged_by_its_first_places(
    order: list[str], wanted: list[str], recall: float, gain: float
) -> None:
    scored = pl.DataFrame({"who": ["m"] * 3, "what": order, "score": [3.0, 2.0, 1.0]})
    judged = judge_order(scored, pl.DataFrame({"who": ["m"] * len(wanted), "what": wanted}), "who", "what")
    assert judged.recall[0] == pytest.approx(recall)
    assert judged.gain[0] == pytest.approx(gain)


def test_equal_scores_stand_in_the_order_of_names() -> None:
    scored = pl.DataFrame({"who": ["m"] * 3, "what": ["c", "a", "b"], "score": [1.0, 1.0, 1.0]})
    assert keep_best(scored, "who", "what", places=2)["what"].to_list() == ["a", "b"]


def test_nobody_to_judge_by_gives_no_figures() -> None:
    history = make_history([make_line("m1", START), make_line("m1", date(2025, 6, 1))])
    outcome = evaluate("sku", history, date(2025, 3, 1), stay_silent)
    assert outcome.metrics == {}
    assert "nothing to judge" in outcome.notes[0]
