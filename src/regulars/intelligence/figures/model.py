"""Figures: what each is called, what it means, and the SQL that it is, over the frames of a history."""

from dataclasses import dataclass
from typing import Final, Literal

from regulars.intelligence.evaluation import Words

__all__ = ["FIGURES", "LEVEL_FLOWS", "MISSING", "Figure", "Grain"]

Grain = Literal["month", "quarter", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure by period.

    Its SQL is DuckDB's. It reads `line` (what was sold: member, basket, day, store, sku, paid_minor, discount_minor,
    …), `member` (member, joined), `campaign`, `target`, `redemption`, `point` (member, day, currency, what, points,
    worth_micro; of currencies that are worth money), `gift` (offer, member, day, discount_minor), `level` (member,
    trait, value, day), `answer` (member, day, kind, question, answer, least, most), and `period` (name, start, until,
    before: the start of the one before), and gives `name` and `value`.
    """

    id: str
    name: Words
    means: Words
    sql: str
    unit: Literal["count", "money", "percent", "number"]
    needs: tuple[str, ...] = ()
    """Frames without which it cannot be told."""


FIGURES: Final[tuple[Figure, ...]] = (
    Figure(
        id="growth",
        name={"en": "New members", "zh": "新增会员"},
        means={"en": "members who joined in the period", "zh": "期内入会的会员数"},
        sql="""
            SELECT period.name, count(member.member) AS value
            FROM period LEFT JOIN member ON member.joined >= period.start AND member.joined < period.until
            GROUP BY period.name
        """,
        unit="count",
    ),
    Figure(
        id="active",
        name={"en": "Active members", "zh": "活跃会员"},
        means={"en": "members who bought in the period", "zh": "期内有消费的会员数"},
        sql="""
            SELECT period.name, count(DISTINCT line.member) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name
        """,
        unit="count",
    ),
    Figure(
        id="activity",
        name={"en": "Activity rate", "zh": "活跃率"},
        means={
            "en": "of the members who had joined by the end of the period, those who bought in it",
            "zh": "期末前已入会的会员中，期内有消费的比例",
        },
        sql="""
            SELECT period.name, 100.0 * count(DISTINCT line.member) / nullif((
                SELECT count(*) FROM member WHERE member.joined < period.until
            ), 0) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name, period.until
        """,
        unit="percent",
    ),
    Figure(
        id="sales",
        name={"en": "Sales to members", "zh": "会员销售额"},
        means={"en": "what the shop took for merchandise", "zh": "商品实收金额"},
        sql="""
            SELECT period.name, coalesce(sum(line.paid_minor), 0) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name
        """,
        unit="money",
    ),
    Figure(
        id="basket",
        name={"en": "Spent at a purchase", "zh": "客单价"},
        means={"en": "sales divided by the number of purchases", "zh": "销售额 ÷ 购买笔数"},
        sql="""
            SELECT period.name, sum(line.paid_minor) / nullif(count(DISTINCT line.basket), 0) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name
        """,
        unit="money",
    ),
    Figure(
        id="frequency",
        name={"en": "Purchases of an active member", "zh": "活跃会员人均购买次数"},
        means={"en": "purchases divided by active members", "zh": "购买笔数 ÷ 活跃会员数"},
        sql="""
            SELECT period.name,
                1.0 * count(DISTINCT line.basket) / nullif(count(DISTINCT line.member), 0) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name
        """,
        unit="number",
    ),
    Figure(
        id="repeat",
        name={"en": "Repeat rate", "zh": "复购率"},
        means={
            "en": "of the members who bought in the period, those who bought on two days or more",
            "zh": "期内有消费的会员中，至少两天有消费的比例",
        },
        sql="""
            WITH visit AS (
                SELECT period.name, line.member, count(DISTINCT line.day) AS days
                FROM period INNER JOIN line ON line.day >= period.start AND line.day < period.until
                GROUP BY period.name, line.member
            )
            SELECT name, 100.0 * count(*) FILTER (WHERE days >= 2) / count(*) AS value
            FROM visit
            GROUP BY name
        """,
        unit="percent",
    ),
    Figure(
        id="retention",
        name={"en": "Retention", "zh": "留存率"},
        means={
            "en": "of the members who bought in the period before, those who bought in this one",
            "zh": "上一期有消费的会员中，本期仍有消费的比例",
        },
        sql="""
            WITH bought AS (
                SELECT DISTINCT period.name, period.start, period.before, line.member
                FROM period INNER JOIN line ON line.day >= period.before AND line.day < period.start
            ),
            again AS (
                SELECT DISTINCT period.name, line.member
                FROM period INNER JOIN line ON line.day >= period.start AND line.day < period.until
            )
            SELECT bought.name, 100.0 * count(again.member) / count(*) AS value
            FROM bought LEFT JOIN again ON bought.name = again.name AND bought.member = again.member
            GROUP BY bought.name
        """,
        unit="percent",
    ),
    Figure(
        id="discount",
        name={"en": "Given away in prices", "zh": "让利比例"},
        means={
            "en": "what the shop took off, as a share of what would have been paid without",
            "zh": "门店让利 ÷ 未让利时应付金额",
        },
        sql="""
            SELECT period.name,
                100.0 * sum(line.discount_minor) / nullif(sum(line.paid_minor + line.discount_minor), 0) AS value
            FROM period LEFT JOIN line ON line.day >= period.start AND line.day < period.until
            GROUP BY period.name
        """,
        unit="percent",
    ),
    Figure(
        id="redemption",
        name={"en": "Redemption rate of letters", "zh": "优惠券核销率"},
        means={
            "en": "of the letters of campaigns that began in the period, those of which a coupon was used",
            "zh": "期内开始的活动所寄信件中，至少核销一张券的比例",
        },
        sql="""
            WITH sent AS (
                SELECT period.name, target.campaign, target.member
                FROM period
                INNER JOIN campaign ON campaign.start >= period.start AND campaign.start < period.until
                INNER JOIN target ON campaign.campaign = target.campaign
            ),
            used AS (SELECT DISTINCT campaign, member FROM redemption)
            SELECT sent.name, 100.0 * count(used.member) / count(*) AS value
            FROM sent LEFT JOIN used ON sent.campaign = used.campaign AND sent.member = used.member
            GROUP BY sent.name
        """,
        unit="percent",
        needs=("campaign", "target", "redemption"),
    ),
    Figure(
        id="conversion",
        name={"en": "Second purchase", "zh": "新客转化率"},
        means={
            "en": "of the members who bought for the first time in the period, those who bought on another day within"
            " 28 days",
            "zh": "期内首次消费的会员中，28 天内在另一天再次消费的比例",
        },
        sql="""
            WITH begun AS (SELECT member, min(day) AS day FROM line GROUP BY member)
            SELECT period.name, 100.0 * count(DISTINCT begun.member) FILTER (WHERE line.member IS NOT NULL)
                / count(DISTINCT begun.member) AS value
            FROM period INNER JOIN begun ON begun.day >= period.start AND begun.day < period.until
            LEFT JOIN line ON begun.member = line.member AND line.day > begun.day AND line.day <= begun.day + 28
            GROUP BY period.name
        """,
        unit="percent",
    ),
    Figure(
        id="circulation",
        name={"en": "Circulation of points", "zh": "积分流通率"},
        means={
            "en": "points used in the period, as a share of those that were issued in it",
            "zh": "期内使用的积分 ÷ 期内发放的积分",
        },
        sql="""
            SELECT period.name, -100.0 * coalesce(sum(point.points) FILTER (WHERE point.what = 'used'), 0)
                / nullif(sum(point.points) FILTER (WHERE point.what = 'issued'), 0) AS value
            FROM period LEFT JOIN point ON point.day >= period.start AND point.day < period.until
            GROUP BY period.name
        """,
        unit="percent",
        needs=("point",),
    ),
    Figure(
        id="breakage",
        name={"en": "Breakage", "zh": "积分沉没率"},
        means={
            "en": "of the points that were used or ended in the period, those that ended unused",
            "zh": "期内被使用或失效的积分中，未使用即失效的比例",
        },
        sql="""
            SELECT period.name, 100.0 * coalesce(sum(point.points) FILTER (WHERE point.what = 'ended'), 0)
                / nullif(sum(point.points) FILTER (WHERE point.what IN ('used', 'ended')), 0) AS value
            FROM period LEFT JOIN point ON point.day >= period.start AND point.day < period.until
            GROUP BY period.name
        """,
        unit="percent",
        needs=("point",),
    ),
    Figure(
        id="outstanding",
        name={"en": "Points outstanding", "zh": "未使用积分余额"},
        means={
            "en": "points that members held at the end of the period",
            "zh": "期末会员持有、尚未使用也未失效的积分",
        },
        sql="""
            SELECT period.name, coalesce(sum(point.points), 0) AS value
            FROM period LEFT JOIN point ON point.day < period.until
            GROUP BY period.name
        """,
        unit="count",
        needs=("point",),
    ),
    Figure(
        id="cost",
        name={"en": "Cost of offers", "zh": "优惠成本"},
        means={
            "en": "what offers took off prices, and the fair value of the points that were issued",
            "zh": "优惠直接减免的金额 + 所发积分的公允价值",
        },
        sql="""
            WITH cost AS (
                SELECT day, discount_minor AS minor FROM gift
                UNION ALL
                SELECT day, worth_micro / 1000000.0 AS minor FROM point WHERE what = 'issued'
            )
            SELECT period.name, coalesce(sum(cost.minor), 0) AS value
            FROM period LEFT JOIN cost ON cost.day >= period.start AND cost.day < period.until
            GROUP BY period.name
        """,
        unit="money",
        needs=("point", "gift"),
    ),
    Figure(
        id="cost_share",
        name={"en": "Cost of offers, of sales", "zh": "优惠成本占销售额"},
        means={"en": "cost of offers divided by sales to members", "zh": "优惠成本 ÷ 会员销售额"},
        sql="""
            WITH flow AS (
                SELECT day, discount_minor AS cost, 0 AS paid FROM gift
                UNION ALL
                SELECT day, worth_micro / 1000000.0 AS cost, 0 AS paid FROM point WHERE what = 'issued'
                UNION ALL
                SELECT day, 0 AS cost, paid_minor AS paid FROM line
            )
            SELECT period.name, 100.0 * sum(flow.cost) / nullif(sum(flow.paid), 0) AS value
            FROM period LEFT JOIN flow ON flow.day >= period.start AND flow.day < period.until
            GROUP BY period.name
        """,
        unit="percent",
        needs=("point", "gift"),
    ),
    Figure(
        id="levels",
        name={"en": "Changes of level", "zh": "等级变动人次"},
        means={
            "en": "how often a member moved from one level to another in the period",
            "zh": "期内会员从一个等级变到另一个等级的次数",
        },
        sql="""
            WITH move AS (
                SELECT day, value, lag(value) OVER (PARTITION BY member, trait ORDER BY day) AS before FROM level
            )
            SELECT period.name, count(move.day) AS value
            FROM period LEFT JOIN move
                ON move.day >= period.start AND move.day < period.until AND move.before <> move.value
            GROUP BY period.name
        """,
        unit="count",
        needs=("level",),
    ),
    Figure(
        id="satisfaction",
        name={"en": "Satisfaction", "zh": "满意度"},
        means={
            "en": "how far up the scale members answered on average: 0 the least, 100 the most",
            "zh": "会员在问卷量表上的平均得分（0 最低，100 最高）",
        },
        sql="""
            SELECT period.name, avg(100.0 * (answer.answer - answer.least) / (answer.most - answer.least)) AS value
            FROM period LEFT JOIN answer ON answer.day >= period.start AND answer.day < period.until
            GROUP BY period.name
        """,
        unit="number",
        needs=("answer",),
    ),
)
"""In the order of the report."""

LEVEL_FLOWS: Final = """
    WITH move AS (
        SELECT trait, day, value, lag(value) OVER (PARTITION BY member, trait ORDER BY day) AS before FROM level
    )
    SELECT trait, before, value, count(*) AS moves
    FROM move
    WHERE day >= $since AND day < $until AND before <> value
    GROUP BY trait, before, value
    ORDER BY trait, moves DESC, before, value
"""
"""From which level to which, and how often."""

MISSING: Final[dict[str, Words]] = {
    "campaign": {"en": "this history has no campaigns with coupons", "zh": "历史数据中没有带优惠券的营销活动"},
    "point": {"en": "this history has no points", "zh": "历史数据中没有积分"},
    "gift": {"en": "this history does not tell what offers took off", "zh": "历史数据中没有优惠减免记录"},
    "level": {"en": "this history has no levels", "zh": "历史数据中没有会员等级"},
    "answer": {
        "en": "there are no surveys: the programme declares no kind of activity with an answer on a scale, or nobody"
        " answered",
        "zh": "没有问卷：规则中未声明带量表的活动类型，或尚无人作答",
    },
}
"""By frame: why a figure that needs it is left out."""
