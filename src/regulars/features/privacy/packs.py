"""Packs of settings for laws, each with its checklist: every line is answered from facts, or says that people must.

Not advice in law: it says what this installation does, and what is left for those who run it. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

from regulars.features.privacy.model import PackUnknown

__all__ = ["PACKS", "CheckLine", "Checklist", "Facts", "Pack", "find_pack"]

Answer = Literal["yes", "no", "people"]
DAY: Final = timedelta(days=1)


class Facts(Struct, frozen=True, kw_only=True):
    """What is true of an installation at a moment."""

    at: datetime
    members: int
    periods: Mapping[str, int]
    """By name: how many days things are kept; 0 for ever."""
    last_round: datetime | None
    unfinished: int
    rooms: frozenset[str]
    """The features there are."""
    has_mail: bool
    has_tls: bool
    is_narrow: bool
    """Whether whoever serves is not owner of the tables."""
    two_people: bool
    """Whether keys and mass changes need a second person."""


class CheckLine(Struct, frozen=True, kw_only=True):
    """One line of a checklist."""

    id: str
    law: str
    """The article."""
    question: Mapping[str, str]
    """By language."""
    answer: Answer
    """`people`: nothing here can know."""
    why: Mapping[str, str]
    """What was found, or what to do about it, by language."""


class Checklist(Struct, frozen=True, kw_only=True):
    """The checklist of a law, filled at a moment."""

    pack: str
    title: Mapping[str, str]
    as_of: datetime
    lines: tuple[CheckLine, ...]
    settings_differ: tuple[str, ...]
    """Periods that are longer than the pack's."""


Said = tuple[Answer, str, str]
"""(answer, English, Chinese)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, and how it is answered."""

    id: str
    law: str
    en: str
    zh: str
    answer: Callable[[Facts], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """How long things are kept under a law, and its checklist."""

    name: str
    en: str
    zh: str
    days: Mapping[str, int]
    items: tuple[Item, ...]

    def fill(self, facts: Facts) -> Checklist:
        """Answer every line."""
        lines = [(item, item.answer(facts)) for item in self.items]
        return Checklist(
            pack=self.name,
            title={"en": self.en, "zh-CN": self.zh},
            as_of=facts.at,
            lines=tuple(
                CheckLine(
                    id=item.id,
                    law=item.law,
                    question={"en": item.en, "zh-CN": item.zh},
                    answer=said[0],
                    why={"en": said[1], "zh-CN": said[2]},
                )
                for item, said in lines
            ),
            settings_differ=tuple(
                name for name, days in self.days.items() if not 0 < facts.periods.get(name, days) <= days
            ),
        )


def find_pack(name: str) -> Pack:
    """Find a pack by its name. Raises PackUnknown."""
    if name not in PACKS:
        message = f"There is no pack {name[:20]!r}; there are {', '.join(PACKS)}."
        raise PackUnknown(message, pack=name[:20])
    return PACKS[name]


def _ask_people(en: str, zh: str) -> Callable[[Facts], Said]:
    return lambda _facts: ("people", en, zh)


def _has_room(room: str, en: str, zh: str) -> Callable[[Facts], Said]:
    def answer(facts: Facts) -> Said:
        if room in facts.rooms:
            return "yes", f"This installation has it: {en}", f"本系统已具备：{zh}"
        return "no", f"The feature `{room}` is not part of this installation: {en}", f"未安装“{room}”功能：{zh}"

    return answer


def _erases(facts: Facts) -> Said:
    if facts.unfinished:
        return (
            "no",
            f"{facts.unfinished} erasures wait for the owner of the tables. Run `regulars privacy finish`.",
            f"有 {facts.unfinished} 项删除尚待数据库属主完成，请运行 `regulars privacy finish`。",
        )
    return (
        "yes",
        "Members are forgotten by destroying their key, at the desk and by themselves, after their losses were shown.",
        "注销时先列明将失去的权益并确认，随后销毁该会员的密钥；门店和会员本人均可办理。",
    )


def _clears(facts: Facts) -> Said:
    if facts.last_round is None or facts.at - facts.last_round > 2 * DAY:
        return (
            "no",
            "Nothing was cleared away in the last two days. Keep `regulars worker` running.",
            "最近两天没有清理过到期数据，请保持 `regulars worker` 运行。",
        )
    at = f"{facts.last_round:%Y-%m-%d %H:%M}"
    return "yes", f"Cleared last at {at} UTC; see `regulars privacy rounds`.", f"最近一次清理：{at}（UTC）。"


def _forgets_inactive(facts: Facts) -> Said:
    days = facts.periods.get("privacy.inactive_member", 0)
    if not days:
        return (
            "no",
            "Members who never come back are kept for ever. Set `privacy.inactive_member`.",
            "长期不活跃的会员会被永久保留，请设置 `privacy.inactive_member`。",
        )
    return "yes", f"After {days} days, and told before.", f"不活跃满 {days} 天后先通知、再删除。"


def _is_sealed(_facts: Facts) -> Said:
    return (
        "yes",
        "Identifiers are sealed under a key of each member's own, found by keyed digests only; no log has them.",
        "手机号、卡号等以每位会员独立的密钥加密，仅凭带密钥的摘要查找，日志中不出现。",
    )


def _is_narrow(facts: Facts) -> Said:
    if facts.is_narrow and facts.has_tls:
        return (
            "yes",
            "TLS outside, and the server is not owner of the tables.",
            "对外使用 TLS，服务进程不是数据表属主。",
        )
    missing = [] if facts.has_tls else ["REGULARS_PUBLIC_URL with https"]
    missing += [] if facts.is_narrow else ["database roles (docs/how-to/use-database-roles.md)"]
    said = " and ".join(missing)
    return "no", f"Missing: {said}.", f"缺少：{said}。"


def _has_trail(facts: Facts) -> Said:
    days = facts.periods.get("audit.entry", 0)
    kept, zh = (f"{days} days", f"{days} 天") if days else ("ever", "永久")
    return "yes", f"Who did what is kept in a chain, for {kept}.", f"操作记录以链式存证，保留{zh}。"


def _asks_two(facts: Facts) -> Said:
    if facts.two_people:
        return "yes", "Keys and mass changes need a second person.", "发放密钥、批量操作需第二人复核。"
    return (
        "no",
        "Set REGULARS_FOUR_EYES to keys,mass at least.",
        "请将 REGULARS_FOUR_EYES 至少设为 keys,mass。",
    )


def _is_large(facts: Facts) -> Said:
    if facts.members > 1_000_000:  # noqa: PLR2004 - the law's number
        return (
            "people",
            f"{facts.members} members: above 1,000,000 an officer is to be named, and reported.",
            f"会员数 {facts.members}：超过 100 万应指定个人信息保护负责人并报送。",
        )
    return "yes", f"{facts.members} members: below 1,000,000.", f"会员数 {facts.members}，未超过 100 万。"


def _tells(facts: Facts) -> Said:
    if facts.has_mail:
        return "yes", "Members can be written to.", "已配置可通知会员的渠道。"
    return (
        "no",
        "Nobody can be told by mail: set REGULARS_SMTP_URL.",
        "未配置邮件，无法通知会员：请设置 REGULARS_SMTP_URL。",
    )


CONSENT: Final = _has_room(
    "consent",
    "consent by purpose and channel, with the text that was shown; withdrawn as easily.",
    "按目的、渠道分别征得同意，留存当时文本，撤回同样便捷。",
)
EXPORT: Final = _has_room(
    "moving",
    "everything that is kept of one member, in a file of JSON and CSV.",
    "可导出某一会员的全部数据（JSON、CSV）。",
)
DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "privacy.inactive_member": 1_095,
        "privacy.warned_member": 30,
        "repeats.answer": 90,
        "fraud.appeal": 730,
        "staff.approval": 365,
        "audit.entry": 1_095,
        "audit.act": 1_095,
    }
)
SHORT: Final[Mapping[str, int]] = MappingProxyType({**DAYS, "privacy.inactive_member": 730, "repeats.answer": 30})

GDPR: Final = Pack(
    name="gdpr",
    en="GDPR (European Union)",
    zh="GDPR（欧盟）",
    days=SHORT,
    items=(
        Item(
            id="consent", law="Art 6, 7", en="Is consent asked by purpose?", zh="是否按目的取得同意？", answer=CONSENT
        ),
        Item(
            id="access",
            law="Art 15, 20",
            en="Can a member have their data?",
            zh="会员能否取得本人数据？",
            answer=EXPORT,
        ),
        Item(id="erasure", law="Art 17", en="Can a member be forgotten?", zh="会员能否被遗忘？", answer=_erases),
        Item(id="told", law="Art 12, 19", en="Can members be told?", zh="能否通知会员？", answer=_tells),
        Item(
            id="retention", law="Art 5(1)(e)", en="Is old data cleared away?", zh="到期数据是否清理？", answer=_clears
        ),
        Item(
            id="inactive",
            law="Art 5(1)(e)",
            en="Are members who never come back forgotten?",
            zh="长期不活跃的会员是否删除？",
            answer=_forgets_inactive,
        ),
        Item(
            id="sealed", law="Art 25, 32", en="Is personal data encrypted?", zh="个人数据是否加密？", answer=_is_sealed
        ),
        Item(
            id="narrow", law="Art 32", en="Is access no wider than needed?", zh="访问权限是否最小？", answer=_is_narrow
        ),
        Item(
            id="trail", law="Art 5(2), 30", en="Is it on record who did what?", zh="操作是否留痕？", answer=_has_trail
        ),
        Item(
            id="dpia",
            law="Art 35",
            en="Was the impact of profiling assessed?",
            zh="是否完成数据保护影响评估？",
            answer=_ask_people(
                "For people: `regulars privacy tables` lists what is kept.",
                "需人工完成；可用 `regulars privacy tables` 列出所存数据。",
            ),
        ),
        Item(
            id="processors",
            law="Art 28",
            en="Are there contracts with those who receive webhooks?",
            zh="与 webhook 接收方是否签有处理协议？",
            answer=_ask_people(
                "For people: `regulars webhooks list` names them.", "需人工核对：`regulars webhooks list`。"
            ),
        ),
    ),
)
PIPL: Final = Pack(
    name="pipl",
    en="Personal Information Protection Law (China)",
    zh="个人信息保护法（中国）",
    days=DAYS,
    items=(
        Item(
            id="consent",
            law="Art 13-17",
            en="Is consent asked by purpose?",
            zh="是否按目的取得同意，并可便捷撤回？",
            answer=CONSENT,
        ),
        Item(
            id="access", law="Art 45", en="Can a member have a copy?", zh="会员能否查阅、复制本人信息？", answer=EXPORT
        ),
        Item(id="erasure", law="Art 47", en="Can a member be forgotten?", zh="会员能否要求删除？", answer=_erases),
        Item(id="told", law="Art 17, 57", en="Can members be told?", zh="能否及时告知会员？", answer=_tells),
        Item(
            id="retention",
            law="Art 19",
            en="Is data kept no longer than needed?",
            zh="保存期限是否最短必要？",
            answer=_clears,
        ),
        Item(
            id="inactive",
            law="Art 19",
            en="Are members who never come back forgotten?",
            zh="长期不活跃的会员是否删除？",
            answer=_forgets_inactive,
        ),
        Item(
            id="sealed",
            law="Art 51",
            en="Is personal information encrypted?",
            zh="个人信息是否加密？",
            answer=_is_sealed,
        ),
        Item(
            id="narrow",
            law="Art 51",
            en="Is access no wider than needed?",
            zh="操作权限是否合理确定？",
            answer=_is_narrow,
        ),
        Item(
            id="two",
            law="Art 51",
            en="Do two people decide what is risky?",
            zh="高风险操作是否双人复核？",
            answer=_asks_two,
        ),
        Item(id="trail", law="Art 54", en="Can an audit see who did what?", zh="能否支持合规审计？", answer=_has_trail),
        Item(id="officer", law="Art 52", en="Is an officer needed?", zh="是否需要指定负责人？", answer=_is_large),
        Item(
            id="abroad",
            law="Art 38-40",
            en="Does personal information leave the country?",
            zh="个人信息是否出境？",
            answer=_ask_people(
                "For people: where the database, its copies and receivers of webhooks are. Nothing here calls abroad.",
                "需人工核对数据库、备份和 webhook 接收方所在地；本系统自身不向境外发起调用。",
            ),
        ),
        Item(
            id="impact",
            law="Art 55-56",
            en="Was the impact assessed, and kept for three years?",
            zh="是否做过个人信息保护影响评估并保存三年？",
            answer=_ask_people(
                "For people: `regulars privacy tables` lists what is kept.",
                "需人工完成；可用 `regulars privacy tables` 列出所存信息。",
            ),
        ),
    ),
)
CCPA: Final = Pack(
    name="ccpa",
    en="CCPA as amended (California)",
    zh="CCPA（美国加利福尼亚州）",
    days=DAYS,
    items=(
        Item(
            id="know", law="§1798.110", en="Can a member know what is kept?", zh="会员能否知悉所存信息？", answer=EXPORT
        ),
        Item(id="delete", law="§1798.105", en="Can a member be forgotten?", zh="会员能否要求删除？", answer=_erases),
        Item(
            id="sharing",
            law="§1798.120, 135",
            en="Are opt-out and Global Privacy Control kept?",
            zh="是否支持退出共享及 GPC 信号？",
            answer=CONSENT,
        ),
        Item(
            id="retention",
            law="§1798.100(a)(3)",
            en="Is old data cleared away?",
            zh="到期数据是否清理？",
            answer=_clears,
        ),
        Item(
            id="sealed", law="§1798.150", en="Is personal data encrypted?", zh="个人信息是否加密？", answer=_is_sealed
        ),
        Item(
            id="narrow",
            law="§1798.100(e)",
            en="Is access no wider than needed?",
            zh="访问权限是否最小？",
            answer=_is_narrow,
        ),
        Item(
            id="trail",
            law="§1798.130",
            en="Is it on record what was asked and done?",
            zh="请求与处理是否留痕？",
            answer=_has_trail,
        ),
        Item(
            id="incentive",
            law="§1798.125",
            en="Does the notice of financial incentive state the value of the data?",
            zh="财务激励通知是否说明数据价值？",
            answer=_ask_people(
                "For people: the notice, and how the value was estimated.", "需人工准备通知并说明估值方法。"
            ),
        ),
    ),
)
PACKS: Final[Mapping[str, Pack]] = MappingProxyType({pack.name: pack for pack in (GDPR, PIPL, CCPA)})
