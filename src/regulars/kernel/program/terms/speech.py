"""One language, and how it says amounts, dates, names and lists. Both stand side by side where they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import Final, Literal

from regulars.kernel.nouns import Scalar
from regulars.kernel.program.model import Document
from regulars.kernel.program.terms.clauses import Language
from regulars.kernel.program.words import Names

__all__ = ["MINOR_DECIMALS", "Called", "Speech"]

Called = Mapping[str, Mapping[str, Names]]
"""By trait and value: what people call it, such as the name of a level."""

MINOR_DECIMALS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Decimals of money by its ISO 4217 code, where they are not two."""
MONEY_ZH: Final = dict(
    zip(
        ("CNY", "USD", "EUR", "JPY", "GBP", "HKD", "MOP", "TWD", "SGD", "KRW", "AUD", "CAD", "MYR", "THB"),
        (
            "元",
            "美元",
            "欧元",
            "日元",
            "英镑",
            "港元",
            "澳门元",
            "新台币",
            "新加坡元",
            "韩元",
            "澳元",
            "加元",
            "林吉特",
            "泰铢",
        ),
        strict=True,
    )
)
MONEY_EN: Final = {
    **dict.fromkeys(("USD", "HKD", "TWD", "SGD", "AUD", "CAD"), "$"),
    **dict.fromkeys(("CNY", "JPY"), "¥"),
    "EUR": "€",
    "GBP": "£",
    "KRW": "₩",
    "INR": "₹",
    "PHP": "₱",
    "VND": "₫",
}
"""Signs of money, the same as beside the words on the pages: a programme has one money, so the short sign will do."""
ZONES: Final = {
    "Asia/Shanghai": ("China (Beijing time)", "北京时间"),
    "Asia/Hong_Kong": ("Hong Kong", "香港时间"),
    "Asia/Macau": ("Macau", "澳门时间"),
    "Asia/Taipei": ("Taipei", "台北时间"),
    "Asia/Singapore": ("Singapore", "新加坡时间"),
    "Asia/Tokyo": ("Japan", "日本时间"),
    "Europe/London": ("the United Kingdom", "英国时间"),
    "America/New_York": ("New York (Eastern time)", "美国东部时间"),
    "America/Chicago": ("Chicago (Central time)", "美国中部时间"),
    "America/Los_Angeles": ("Los Angeles (Pacific time)", "美国太平洋时间"),
    "UTC": ("UTC", "协调世界时（UTC）"),
}
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS_ZH: Final = "一二三四五六日"
KINDS: Final = {
    "purchase": ("purchase", "purchases", "消费"),
    "visit": ("visit", "visits", "到店"),
    "checkin": ("check-in", "check-ins", "签到"),
    "check_in": ("check-in", "check-ins", "签到"),
    "stay": ("stay", "stays", "入住"),
    "flight": ("flight", "flights", "乘机"),
    "review": ("review", "reviews", "评价"),
    "survey": ("survey", "surveys", "问卷"),
    "consultation": ("consultation", "consultations", "咨询"),
}
"""Kinds of activity: one, many, Chinese. Others are called by their own name."""
TEN_THOUSAND: Final = 10_000
PERMILLE: Final = 1000
TEENS: Final = (11, 12, 13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How one programme is spoken of in one language."""

    lang: Language
    document: Document
    called: Called

    def say(self, en: str, zh: str, /, **values: object) -> str:
        """Say one of two texts, with the values in their places."""
        return (zh if self.lang == "zh" else en).format(**values)

    def call(self, names: Names | None, otherwise: str) -> str:
        """Call something by its name in this language."""
        return otherwise if names is None else names.get("zh-CN" if self.lang == "zh" else "en", otherwise)

    def quote(self, name: str) -> str:
        """Set a name apart from the words around it."""
        return f"“{name}”"

    def count(self, amount: int) -> str:
        """A whole number, with its thousands apart where that is the custom."""
        return f"{amount:,}" if self.lang == "en" or abs(amount) >= TEN_THOUSAND else str(amount)

    def scale(self, amount: int, decimals: int) -> str:
        """A whole number of small units, as people write it: 1260 with 2 decimals is 12.60, 1200 is 12."""
        whole, rest = divmod(amount, 10**decimals)
        return f"{self.count(whole)}.{rest:0{decimals}}" if rest else self.count(whole)

    def coin(self, currency: str) -> str:
        """The name of a kind of points."""
        found = self.document.currencies.get(currency)
        return currency if found is None else self.call(found.name, currency)

    def points(self, currency: str, amount: int) -> str:
        """So many points: 12 Points, 12积分."""
        found, name = self.document.currencies.get(currency), self.coin(currency)
        written = self.scale(amount, 0 if found is None else found.scale)
        if self.lang == "zh":
            return f"{written}{name}"
        one = written == "1" and name.endswith("s") and not name.endswith("ss")
        return f"{written} {name[:-1] if one else name}"

    def money(self, minor: int) -> str:
        """An amount of money in the programme's currency."""
        code = self.document.money
        written = self.scale(minor, MINOR_DECIMALS.get(code, 2))
        if self.lang == "zh":
            return written + MONEY_ZH[code] if code in MONEY_ZH else f"{written} {code} "
        return MONEY_EN[code] + written if code in MONEY_EN else f"{code} {written}"

    def quantity(self, milli: int) -> str:
        """A quantity in thousandths: 1500 is 1.5."""
        return self.scale(milli, 3).rstrip("0") if milli % PERMILLE else self.count(milli // PERMILLE)

    def ratio(self, times: int, over: int) -> str:
        """A ratio as a decimal where it ends within three places, else as a fraction."""
        shared = gcd(times, over)
        times, over = times // shared, over // shared
        if over == 1:
            return self.count(times)
        return f"{times}/{over}" if PERMILLE % over else self.quantity(times * PERMILLE // over)

    def percent(self, permille: int) -> str:
        """A share in thousandths, as people write it: 25 is 2.5%."""
        return f"{self.scale(permille, 1)}%"

    def rank(self, number: int) -> str:
        """The place in a row: 5th, 第5."""
        if self.lang == "zh":
            return f"第{number}"
        ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{'th' if number % 100 in TEENS else ending}"

    def day(self, day: date) -> str:
        """A date: 1 June 2017, 2017年6月1日."""
        return self.say(
            "{d} {month} {y}", "{y}年{m}月{d}日", y=day.year, m=day.month, d=day.day, month=MONTHS[day.month - 1]
        )

    def days(self, days: Sequence[date]) -> str:
        """Dates, those that follow each other as stretches."""
        runs: list[list[date]] = []
        for day in sorted(set(days)):
            if runs and day.toordinal() == runs[-1][-1].toordinal() + 1:
                runs[-1].append(day)
            else:
                runs.append([day])
        return self.join(
            [
                self.day(run[0])
                if len(run) == 1
                else self.say("{a} to {b}", "{a}至{b}", a=self.day(run[0]), b=self.day(run[-1]))
                for run in runs
            ]
        )

    def month(self, month: int) -> str:
        """A month of the year."""
        return self.say("{name}", "{month}月", name=MONTHS[month - 1], month=month)

    def weekday(self, number: int) -> str:
        """A day of the week, from 0, Monday."""
        return self.say("{long}", "周{short}", long=WEEKDAYS_EN[number], short=WEEKDAYS_ZH[number])

    def month_day(self, number: int) -> str:
        """A day of the month, from its end where it is below zero: the 15th, the last day."""
        if number == -1:
            return self.say("the last day", "最后一天")
        if number < 0:
            return self.say("the {rank} last day", "倒数第{n}天", rank=self.rank(-number), n=-number)
        return self.say("the {rank}", "{n}日", rank=self.rank(number), n=number)

    def zone(self, name: str) -> str:
        """Whose time it is."""
        if name in ZONES:
            return self.say(*ZONES[name])
        city = name.rpartition("/")[2].replace("_", " ")
        return self.say("{city} ({name})", "{name}时区的当地时间", city=city, name=name)

    def join(self, words: Sequence[str], last: Literal["and", "or"] = "and") -> str:
        """A list in a sentence."""
        if len(words) < 2:  # noqa: PLR2004 - one word needs nothing between
            return "".join(words)
        if self.lang == "zh":
            return "、".join(words) if last == "and" else f"{'、'.join(words[:-1])}或{words[-1]}"
        return f"{', '.join(words[:-1])} {last} {words[-1]}"

    def kinds(self, kinds: Sequence[str]) -> str:
        """Kinds of activity, as many."""
        return self.join([self._kind(kind, 1) for kind in dict.fromkeys(kinds)])

    def kind(self, kinds: Sequence[str]) -> str:
        """Kinds of activity, one of them."""
        return self.join([self._kind(kind, 0) for kind in dict.fromkeys(kinds)], "or")

    def _kind(self, kind: str, form: int) -> str:
        declared = self.document.activities.get(kind)
        if declared is not None:
            return self.call(declared.name, kind)
        words = KINDS.get(kind)
        if words is None:
            return self.quote(kind.replace("_", " ").replace("-", " "))
        return words[2] if self.lang == "zh" else words[form]

    def trait(self, trait: str, value: Scalar) -> str:
        """What a member is who has a trait: a level by its name, another by its own words."""
        names = self.called.get(trait, {}).get(str(value))
        if names is not None:
            return self.call(names, str(value))
        mark = self.quote(trait.replace("_", " "))
        if isinstance(value, bool):
            return (
                self.say("marked {mark}", "有{mark}标记", mark=mark)
                if value
                else self.say("not marked {mark}", "没有{mark}标记", mark=mark)
            )
        return self.say("{mark} {value}", "{mark}为{value}", mark=mark, value=value)
