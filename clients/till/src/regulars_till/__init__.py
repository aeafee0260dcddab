"""The till's side of Regulars: a checkout that is never blocked, and points that are never counted twice."""

from regulars_till.basket import Basket, Discount, Line, Member
from regulars_till.ladder import Level, say
from regulars_till.report import DayReport, Difference
from regulars_till.results import Drained, Quoted, Sold, Status, Taken
from regulars_till.till import Till
from regulars_till.tokens import Code, TokenRefused, Voucher
from regulars_till.vouchers import Caps

__all__ = [
    "Basket",
    "Caps",
    "Code",
    "DayReport",
    "Difference",
    "Discount",
    "Drained",
    "Level",
    "Line",
    "Member",
    "Quoted",
    "Sold",
    "Status",
    "Taken",
    "Till",
    "TokenRefused",
    "Voucher",
    "say",
]
