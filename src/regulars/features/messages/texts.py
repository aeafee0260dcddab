"""The words that come with the program, in English and Chinese. A house may put its own in their place. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from regulars.features.messages.model import Kind, Language, Template

__all__ = ["BUILT_IN", "SAMPLES"]

WORDS: Final[Mapping[tuple[Kind, Language], tuple[str, str, str]]] = {
    ("receipt", "en"): (
        "{points} {currency} from {shop}",
        "On {at:date} you received {points} {currency} at {shop}.\n\nYou now have {balance}.",
        "{shop}: +{points} {currency}, you now have {balance}.",
    ),
    ("receipt", "zh-CN"): (
        "{shop}：{points}{currency}已到账",
        "您于{at:date}在{shop}获得{points}{currency}。\n\n当前余额：{balance}。",
        "【{shop}】{points}{currency}已到账，当前余额{balance}。",
    ),
    ("level", "en"): (
        "Your level at {shop}: {level}",
        "Since {at:date} your level at {shop} is {level}.\n\nThank you for coming back.",
        "{shop}: your level is {level}.",
    ),
    ("level", "zh-CN"): (
        "您在{shop}的会员等级：{level}",
        "自{at:date}起，您在{shop}的会员等级为{level}。\n\n感谢您一直以来的光顾。",
        "【{shop}】您的会员等级现为{level}。",
    ),
    ("ending", "en"): (
        "{points} {currency} end on {at:date}",
        "{points} {currency} of yours at {shop} can be used until {at:time}.\n\nAfter that they are gone.",
        "{shop}: {points} {currency} end on {at:date}.",
    ),
    ("ending", "zh-CN"): (
        "您有{points}{currency}将于{at:date}到期",
        "您在{shop}的{points}{currency}将于{at:time}到期，逾期作废，请尽快使用。",
        "【{shop}】您有{points}{currency}将于{at:date}到期，请尽快使用。",
    ),
    ("usable", "en"): (
        "{points} {currency} can now be used",
        "{points} {currency} of yours at {shop} can be used since {at:date}.",
        "{shop}: {points} {currency} can now be used.",
    ),
    ("usable", "zh-CN"): (
        "您的{points}{currency}现已可用",
        "您在{shop}的{points}{currency}自{at:date}起可以使用。",
        "【{shop}】您的{points}{currency}现已可用。",
    ),
    ("membership", "en"): (
        "Your membership at {shop} ends on {at:date}",
        (
            "You have not been to {shop} for a long time. On {at:date} your membership ends: what we know of you is"
            " deleted, and your points are gone.\n\nTo stay a member, buy something before then."
        ),
        "{shop}: your membership ends on {at:date}, and your points with it. To stay, buy something before then.",
    ),
    ("membership", "zh-CN"): (
        "您在{shop}的会员资格将于{at:date}终止",
        (
            "您已很久没有光顾{shop}。{at:date}起，您的会员资格将终止，个人信息将被删除，剩余积分一并作废。\n\n"
            "如希望保留会员资格，请在此之前到店消费一次。"
        ),
        "【{shop}】您的会员资格将于{at:date}终止，积分同时作废。如需保留，请在此之前消费一次。",
    ),
    ("news", "en"): ("{title}", "{text}\n\n{shop}", "{shop}: {title}"),
    ("news", "zh-CN"): ("{title}", "{text}\n\n{shop}", "【{shop}】{title}"),
}
BUILT_IN: Final[Mapping[tuple[Kind, Language], Template]] = MappingProxyType(
    {
        (kind, language): Template(kind=kind, language=language, version=0, subject=subject, text=text, short=short)
        for (kind, language), (subject, text, short) in WORDS.items()
    }
)
SAMPLES: Final[Mapping[Language, Mapping[str, str | int]]] = MappingProxyType(
    {
        "en": {
            "shop": "Corner shop",
            "points": 1250,
            "currency": "Points",
            "balance": 3400,
            "level": "Gold",
            "at": "2026-03-05T09:30:00+08:00",
            "title": "A quiet Tuesday",
            "text": "Tea is on the house until noon.",
        },
        "zh-CN": {
            "shop": "街角小店",
            "points": 1250,
            "currency": "积分",
            "balance": 3400,
            "level": "金卡",
            "at": "2026-03-05T09:30:00+08:00",
            "title": "周二茶歇",
            "text": "周二上午到店，免费品茶。",
        },
    }
)
"""What a preview is written with where nothing else is told."""
