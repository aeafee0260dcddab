"""What was sold and what came back, as a published view of the journal: for whoever reckons over all of it."""

from regulars.kernel.activity.sold.store import QUERIES, Sold, read_sold, read_span

__all__ = ["QUERIES", "Sold", "read_sold", "read_span"]
