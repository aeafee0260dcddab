"""What the accounts of some members came to, summed up: points by month, by offer and by member, and their worth."""

from regulars.kernel.ledger.sums.store import Sums, list_waiting, sum_up

__all__ = ["Sums", "list_waiting", "sum_up"]
