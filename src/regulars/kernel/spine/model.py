"""What the path answers, and what it refuses."""

from msgspec import Struct

from regulars.base.errors import Refusal
from regulars.kernel.nouns import Receipt

__all__ = [
    "ActivityDiffers",
    "ActivityInFuture",
    "ActivityTooLate",
    "ApprovalMissing",
    "AskInvalid",
    "ConversionUnknown",
    "CurrencyNotSpendable",
    "CurrencyUnknown",
    "HouseholdBound",
    "HouseholdRefused",
    "KindUnknown",
    "MemberClosed",
    "MemberFrozen",
    "MergeRefused",
    "NotAvailable",
    "Outcome",
    "PurchaseOfAnother",
    "PurchaseUnknown",
    "QuoteOutdated",
    "RecipientRefused",
    "ReturnTooLarge",
    "SourceReserved",
    "TotalDiffers",
    "TraitOfOffers",
    "TraitUnknown",
]


class ActivityDiffers(Refusal):
    """This id was already used for another activity."""

    code, kind = "key_reused", "conflict"


class ActivityTooLate(Refusal):
    """The activity happened longer ago than late facts are taken."""

    code, kind = "activity_too_late", "invalid"


class ActivityInFuture(Refusal):
    """The activity is dated after the ledger's own time."""

    code, kind = "activity_in_future", "invalid"


class KindUnknown(Refusal):
    """No offer and no command answers to this kind of activity."""

    code, kind = "activity_kind_unknown", "invalid"


class MemberClosed(Refusal):
    """The member left or was forgotten: nothing more can happen to them."""

    code, kind = "member_closed", "conflict"


class PurchaseUnknown(Refusal):
    """The return or reversal names an activity that was never recorded."""

    code, kind = "origin_unknown", "not_found"


class PurchaseOfAnother(Refusal):
    """The return names a purchase that cannot be returned, or by this member."""

    code, kind = "origin_differs", "conflict"


class QuoteOutdated(Refusal):
    """The quote is over, and the programme has changed since: what was quoted is no longer to be had."""

    code, kind = "quote_outdated", "conflict"


class TotalDiffers(Refusal):
    """What is to be paid is not what the sender says; nothing was recorded."""

    code, kind = "total_differs", "conflict"


class ReturnTooLarge(Refusal):
    """More is brought back than was bought and not yet returned."""

    code, kind = "return_too_large", "conflict"


class ConversionUnknown(Refusal):
    """The programme has no rate from the one currency into the other."""

    code, kind = "conversion_unknown", "invalid"


class AskInvalid(Refusal):
    """The settings of a command cannot be read."""

    code, kind = "ask_invalid", "invalid"


class ApprovalMissing(Refusal):
    """The correction is so large that a second person must agree."""

    code, kind = "approval_missing", "forbidden"


class CurrencyUnknown(Refusal):
    """The programme has no such currency."""

    code, kind = "currency_unknown", "invalid"


class CurrencyNotSpendable(Refusal):
    """Points of this currency decide the level; they are not spent."""

    code, kind = "currency_not_spendable", "invalid"


class NotAvailable(Refusal):
    """What is asked for cannot be had by this member, here and now; `reasons` says why, offer by offer."""

    code, kind = "not_available", "conflict"


class MemberFrozen(Refusal):
    """The member's points are frozen: they are earned but not used."""

    code, kind = "member_frozen", "conflict"


class HouseholdRefused(Refusal):
    """The member cannot join that household, or leave the one they are in."""

    code, kind = "household_refused", "conflict"


class HouseholdBound(Refusal):
    """Points of the member are set aside together with those of others of the household."""

    code, kind = "household_bound", "conflict"


class MergeRefused(Refusal):
    """These two members cannot be made one, or no longer two."""

    code, kind = "merge_refused", "conflict"


class RecipientRefused(Refusal):
    """The other member cannot get these points."""

    code, kind = "recipient_refused", "conflict"


class SourceReserved(Refusal):
    """The source is the ledger's own."""

    code, kind = "source_reserved", "invalid"


class TraitUnknown(Refusal):
    """The programme knows no such trait that is told from outside."""

    code, kind = "trait_unknown", "invalid"


class TraitOfOffers(Refusal):
    """Offers of the programme set this trait; nobody tells it from outside."""

    code, kind = "trait_of_offers", "invalid"


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one activity: a receipt, or the refusal."""

    receipt: Receipt | None = None
    refusal: Refusal | None = None
    repeated: bool = False
    """The receipt is the stored one of an earlier time."""
