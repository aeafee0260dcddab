"""What the report says, in English and Chinese side by side."""

from typing import Final

__all__ = ["say"]

WORDS: Final = {
    "title": ("What the drafts would have done", "方案试算报告"),
    "window": (
        (
            "Every activity from {since} until {until} was judged again by each draft ({facts} activities of {members}"
            " members), beside the versions that really decided."
        ),
        "将 {since} 至 {until} 的 {facts} 笔业务（会员 {members} 人）按各草案逐笔重算，并与当时实际执行的方案对比。",
    ),
    "live": ("what is live", "现行方案"),
    "cost": ("What it gives", "发放成本"),
    "cost_note": (
        "Points given, less what returns took back. Money: points at the value that the programme gives them.",
        "发放积分已扣除因退货收回的部分；金额按方案设定的积分价值折算。",
    ),
    "points": ("Points given ({currency})", "发放积分（{currency}）"),
    "money": ("Worth, {money}", "折合金额（{money}）"),
    "difference": ("Difference to what is live, {money}", "与现行方案之差（{money}）"),
    "offers": ("Worth by offer, {money}", "各活动折合金额（{money}）"),
    "by_hand": ("(no offer: opening balances, adjustments)", "（非活动发放：期初余额、人工调整等）"),
    "changes": ("Where the difference comes from, {money}", "差额来自哪些活动（{money}）"),
    "changes_note": (
        "Each offer's worth, less its worth under what is live. The rows add up to the whole difference.",
        "各活动的折合金额减去现行方案下的折合金额；各行相加即为总差额。",
    ),
    "levels": ("Members by level at the end", "期末各等级会员数"),
    "none": ("none", "无等级"),
    "level": ("{trait}: {level}", "{trait}：{level}"),
    "up": ("Moves of level", "等级变动人数"),
    "up_note": (
        "From the level at the beginning to the level at the end. Whoever joined in between begins with none.",
        "从期初等级到期末等级；期间入会者期初无等级。",
    ),
    "groups": ("Who gains, who loses", "哪些会员多得，哪些少得"),
    "groups_note": (
        (
            "By the level that members really had at the end. A member gains whose points would have been worth more"
            " than what they really got: so many of so many members."
        ),
        "按会员期末的实际等级分组。所得积分的折合金额高于实际所得为“多得”，低于为“少得”；斜线后为该等级总人数。",
    ),
    "gain": ("{level}: gain", "{level}：多得"),
    "lose": ("{level}: lose", "{level}：少得"),
    "net": ("{level}: together, {money}", "{level}：合计差额（{money}）"),
    "refused": ("Would be refused", "将无法完成的业务"),
    "refused_note": (
        "Activities that could not have been carried out as they were, by the code of the reason.",
        "在该方案下无法照原样完成的业务笔数，按原因代码统计。",
    ),
    "left_out": ("Not rehearsed", "未参与试算的业务"),
    "left_out_note": (
        "Activities that speak of other members, or of points set aside: left out under every version.",
        "涉及其他会员或冻结积分的业务；所有方案均未计入。",
    ),
    "owed": ("What unspent points are worth at the end of each month, {money}", "各月末未兑积分的负债（{money}）"),
    "assumed": (
        (
            "Assumption: every point that is still there will be used one day (a redemption rate of 100 %), so nothing"
            " is taken off for points that will be forgotten. Until then members redeem when and as much as they really"
            " did, as far as they would have the points."
        ),
        (
            "假设：未兑积分最终会全部兑换（兑换率 100%），不扣除预计不会兑换的部分。会员的兑换时间和数量沿用实际记录，"
            "积分不足的兑换不成立。"
        ),
    ),
    "again": (
        "Shared budgets were given out in the order of time (further rounds over the members concerned: {passes}).",
        "多人共用的预算按时间先后发放（为此补算 {passes} 轮）。",
    ),
    "ends": ("{name}: at the end {amount}", "{name}：期末 {amount}"),
    "versions": ("Versions", "版本"),
}


def say(word: str, lang: str, **values: str) -> str:
    """Say one of the texts, `lang` being en or zh."""
    return WORDS[word][1 if lang == "zh" else 0].format(**values)
