"""The steps down from a server that answers to a receipt on paper, and what the cashier is told on each."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import IntEnum

__all__ = ["LEVEL_TEXTS", "SAID", "Heard", "Ladder", "Level", "say"]


class Level(IntEnum):
    """How much of the programme can be had at this till now."""

    NORMAL = 0
    SLOW = 1
    """Answers come late: no personal offers while somebody waits."""
    READ_ONLY = 2
    """The server is there and records nothing: sales are queued, balances are as of the last answer."""
    OFFLINE = 3
    """Nobody there: sales are queued; offers for everybody, and signed vouchers."""
    PAPER = 4
    """The till cannot write either: the receipt carries a code to be claimed later, once."""

    @property
    def mark(self) -> str:
        """Its short name, D0 to D4."""
        return f"D{int(self)}"


class Heard(IntEnum):
    """What became of one call."""

    QUICK = 0
    LATE = 1
    UNABLE = 2
    """An answer that says that the server cannot work now."""
    SILENT = 3
    """Connected, and no answer in time."""
    ABSENT = 4
    """Nobody to connect to, or the line was cut."""


LATE_OF = 5
"""Late answers count among so many of the last."""
LATE_MIN = 2


class Ladder:
    """What was heard last, and the step that follows from it."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=LATE_OF)

    def note(self, heard: Heard) -> None:
        """Take in what became of a call."""
        self._heard.append(heard)

    def judge(self, *, writable: bool, breaker_open: bool) -> Level:
        """Tell the step."""
        if not writable:
            return Level.PAPER
        last = self._heard[-1] if self._heard else Heard.QUICK
        if last is Heard.ABSENT:
            return Level.OFFLINE
        if last is Heard.UNABLE or (last is Heard.SILENT and breaker_open):
            return Level.READ_ONLY
        late = sum(each in {Heard.LATE, Heard.SILENT} for each in self._heard)
        return Level.SLOW if last is Heard.SILENT or late >= LATE_MIN else Level.NORMAL


LEVEL_TEXTS: Mapping[Level, Mapping[str, str]] = {
    Level.NORMAL: {"en": "Loyalty works.", "zh-CN": "会员服务正常。"},
    Level.SLOW: {
        "en": "Loyalty is slow: no personal offers for the moment.",
        "zh-CN": "会员服务较慢：暂不显示专属优惠。",
    },
    Level.READ_ONLY: {
        "en": "Points are noted and will follow; paying with points is not possible now.",
        "zh-CN": "积分已记下，稍后到账；暂时无法用积分支付。",
    },
    Level.OFFLINE: {
        "en": "Offline: points will follow. Offers for everybody and vouchers work.",
        "zh-CN": "离线：积分稍后到账。通用优惠和凭证可用。",
    },
    Level.PAPER: {
        "en": "This till cannot store anything: give the customer the receipt with its code.",
        "zh-CN": "本机无法保存记录：请把印有领取码的小票交给顾客。",
    },
}

SAID: Mapping[str, Mapping[str, str]] = {
    "committed": {"en": "Recorded.", "zh-CN": "已入账。"},
    "queued": {"en": "Points will follow.", "zh-CN": "积分稍后到账。"},
    "paper": {
        "en": "Keep this receipt: its code collects the points later.",
        "zh-CN": "请保留小票：稍后可凭领取码领取积分。",
    },
    "points_not_taken": {
        "en": "Points cannot be taken now: the whole amount is due.",
        "zh-CN": "现在无法使用积分：请支付全额。",
    },
    "coupons_not_taken": {
        "en": "Coupons cannot be checked now: none was taken off.",
        "zh-CN": "现在无法核验优惠券：未抵扣。",
    },
    "quote_outdated": {
        "en": "The quote is over and prices have changed: the quoted price was charged.",
        "zh-CN": "报价已过期且价格有变：按原报价收款。",
    },
    "total_differs": {
        "en": "The server comes to another total: the quoted price was charged.",
        "zh-CN": "服务器算出的总额不同：按原报价收款。",
    },
    "honoured_at_loss": {
        "en": "What was quoted was gone; the customer pays as quoted, and the shop bears the rest.",
        "zh-CN": "报价中的优惠已被用完；顾客按报价付款，差额由商家承担。",
    },
    "clock_corrected": {
        "en": "The clock of this till is wrong; the time of the sale was put right.",
        "zh-CN": "本机时钟不准；已更正销售时间。",
    },
    "folder_in_use": {
        "en": "Another program uses this till's folder: two tills have one identity.",
        "zh-CN": "另一程序正在使用本机文件夹：两台收银机身份相同。",
    },
    "folder_not_writable": {"en": "The till's folder cannot be written to.", "zh-CN": "无法写入本机文件夹。"},
    "records_damaged": {
        "en": "Records of this till are damaged; they were kept aside. Call the service desk.",
        "zh-CN": "本机部分记录已损坏，已另存。请联系服务台。",
    },
    "records_cut": {
        "en": "The power went while a sale was being noted; that sale was not finished.",
        "zh-CN": "记录销售时断电；那笔销售未完成。",
    },
    "records_aside": {
        "en": "Sales were refused by the server and put aside. Call the service desk.",
        "zh-CN": "有销售记录被服务器拒绝，已另存。请联系服务台。",
    },
}
"""Codes of this package, said to a cashier. Codes of the server are said by its own problems."""


def say(code: str, language: str) -> str:
    """Say a code to a cashier, in English where the language is not known."""
    texts = SAID.get(code)
    return code if texts is None else texts.get(language, texts["en"])
