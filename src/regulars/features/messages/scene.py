"""What words are written with: the programme's names, the house's words and rules, and whom they are for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulars.base.db import Read
from regulars.features.messages.model import DEFAULTS, KINDS, Content, Kind, Language, Rule, Template, choose_language
from regulars.features.messages.store import read_rules, read_templates
from regulars.features.messages.template import Value, render
from regulars.features.messages.texts import BUILT_IN
from regulars.kernel.nouns import Scalar
from regulars.kernel.program import Names, Plan
from regulars.kernel.program.terms.trial import read_settings
from regulars.kernel.spine import House

__all__ = ["SHOP", "Scene", "Written", "collect_levels", "read_scene"]

SHOP: Final = "shop"
"""What all words may name: how the programme is called."""
LANGUAGE: Final = "language"
ZONE: Final = "time_zone"
"""Traits that members' language and time zone are read from, where the programme has them."""
UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message in words."""

    language: Language
    version: int
    subject: str
    text: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What all messages of a moment are written with."""

    plan: Plan | None
    levels: Mapping[str, Mapping[str, Names]]
    templates: Mapping[tuple[Kind, Language], Template]
    rules: Mapping[Kind, Rule]

    @property
    def language(self) -> Language:
        """In which whoever said nothing is written to: Chinese where the programme counts in yuan."""
        return "zh-CN" if self.plan is not None and self.plan.document.money == "CNY" else "en"

    def find_language(self, traits: Mapping[str, Scalar]) -> Language:
        """In which a member is written to."""
        return choose_language(traits.get(LANGUAGE), self.language)

    def find_zone(self, traits: Mapping[str, Scalar]) -> ZoneInfo:
        """By which a member's night is reckoned: their own time zone, or the programme's."""
        wished = traits.get(ZONE)
        for name in (wished, self.plan.document.time_zone if self.plan is not None else None):
            if isinstance(name, str) and name and (zone := _find_zone(name)) is not None:
                return zone
        return UTC

    def write(self, kind: Kind, content: Content, language: Language, zone: ZoneInfo) -> Written:
        """Put a message into words. Raises VariableMissing, and then writes nothing."""
        return self.write_with(self.templates[kind, language], content, zone)

    def write_with(self, template: Template, content: Content, zone: ZoneInfo) -> Written:
        """Put a message into words that are given. Raises VariableMissing or TemplateInvalid."""
        language = template.language
        values = self._collect(template.kind, content, language)
        return Written(
            language=language,
            version=template.version,
            subject=" ".join(render(template.subject, values, language, zone).split()),
            text=render(template.text, values, language, zone),
            short=" ".join(render(template.short, values, language, zone).split()),
        )

    def _collect(self, kind: Kind, content: Content, language: Language) -> dict[str, Value]:
        document = None if self.plan is None else self.plan.document
        shop = "" if document is None else _call(document.name, language, document.program)
        told: dict[str, Value] = {SHOP: shop}
        told |= content
        currency = content.get("currency")
        if document is not None and isinstance(currency, str) and currency in document.currencies:
            told["currency"] = _call(document.currencies[currency].name, language, currency)
        level, trait = content.get("level"), content.get("trait")
        if isinstance(level, str) and isinstance(trait, str):
            told["level"] = _call(self.levels.get(trait, {}).get(level), language, level)
        for name, kind_of in KINDS[kind].variables.items():
            value = told.get(name)
            if kind_of == "moment" and isinstance(value, str):
                told[name] = datetime.fromisoformat(value)
        return told


async def read_scene(read: Read, house: House, *, at: datetime) -> Scene:
    """Read what messages are written with at a moment of the ledger."""
    releases = await house.versions.read(read)
    release = releases.release_at(at)
    plan = None if release is None else releases.plans[release.hash]
    own: dict[tuple[Kind, Language], Template] = {}
    for each in await read_templates(read):
        own[each.kind, each.language] = each
    return Scene(
        plan=plan,
        levels={} if plan is None else collect_levels(plan),
        templates={**BUILT_IN, **own},
        rules={**DEFAULTS, **await read_rules(read)},
    )


def collect_levels(plan: Plan) -> dict[str, dict[str, Names]]:
    """Collect what the values of traits are called that offers set, such as those of levels."""
    found: dict[str, dict[str, Names]] = {}
    for bound in plan.offers.values():
        if bound.mechanic.names is not None:
            for trait, values in bound.mechanic.names(read_settings(bound)).items():
                found.setdefault(trait, {}).update(values)
    return found


def _call(names: Names | None, language: Language, otherwise: str) -> str:
    return otherwise if names is None else names.get(language, otherwise)


def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
