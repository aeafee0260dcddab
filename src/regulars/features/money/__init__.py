"""What points are worth in the books: set aside on issue, estimated, rolled forward, posted."""

from regulars.features.money.books import OWN, Books, read_history, take_books
from regulars.features.money.estimate import make_estimate
from regulars.features.money.export import ACCOUNTS, Leg, Transaction, format_minor, post, write_beancount, write_csv
from regulars.features.money.forward import Forward, Movement, Stand
from regulars.features.money.model import (
    BooksBehind,
    BooksUntied,
    Deferral,
    Estimate,
    EstimateInvalid,
    EstimateMissing,
    EstimateTooEarly,
    MonthInvalid,
    MoveUnknown,
    read_month,
)
from regulars.features.money.propose import Age, Proposal, propose
from regulars.features.money.store import read_deferrals, read_estimates

__all__ = [
    "ACCOUNTS",
    "OWN",
    "Age",
    "Books",
    "BooksBehind",
    "BooksUntied",
    "Deferral",
    "Estimate",
    "EstimateInvalid",
    "EstimateMissing",
    "EstimateTooEarly",
    "Forward",
    "Leg",
    "MonthInvalid",
    "MoveUnknown",
    "Movement",
    "Proposal",
    "Stand",
    "Transaction",
    "format_minor",
    "make_estimate",
    "post",
    "propose",
    "read_deferrals",
    "read_estimates",
    "read_history",
    "read_month",
    "take_books",
    "write_beancount",
    "write_csv",
]
