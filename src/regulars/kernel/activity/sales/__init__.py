"""What tills sold: the journal's purchases and returns by store and time, for those who compare it with other lists."""

from regulars.kernel.activity.sales.store import (
    QUERIES,
    Conflict,
    Loss,
    Place,
    Sale,
    list_conflicts,
    list_places,
    name_sales,
    read_sales,
)

__all__ = ["QUERIES", "Conflict", "Loss", "Place", "Sale", "list_conflicts", "list_places", "name_sales", "read_sales"]
