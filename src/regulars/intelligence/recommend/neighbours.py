"""What members who buy alike buy: two ways to be alike, over a bounded pool of members."""

# SciPy's sparse matrices have no types: what is unknown of them stays in this file.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from regulars.intelligence.recommend.baskets import Baskets

__all__ = ["find_alike"]

Matrix = Any
Floats = NDArray[np.float32]

# As many members as are compared with each: those who buy most often. The work grows with it.
POOL_MAX = 5_000
BLOCK = 256
# Chosen on cutoffs before week 45.
RECENT_BASKETS = 25
LOCALITY = 5
ASYMMETRY = 0.75
GROUPS = 3
GROUP_DECAY = 0.6
NEAREST = 300
OWN_SHARE = 0.3
EMPTY = pl.DataFrame(
    schema={"u": pl.Int32, "i": pl.Int32, "overlap": pl.Float32, "nearest": pl.Float32, "habit": pl.Float32}
)


def find_alike(
    baskets: Baskets, members: NDArray[np.int32], pairs: pl.DataFrame, *, count: int, pool_max: int = POOL_MAX
) -> pl.DataFrame:
    """Name the best items of two ways to be alike for each member, and score them and the pairs that others named.

    Gives u, i, overlap (what those buy who have bought the same), nearest (what those buy who have like habits in time)
    and habit (the member's own). Members are compared with a pool of those who buy most often.
    """
    bought = baskets.bought.join(baskets.members.select("u", n="baskets"), on="u")
    u, i = bought["u"].to_numpy(), bought["i"].to_numpy()
    b, n = bought["b"].to_numpy(), bought["n"].to_numpy()
    shape = (baskets.members.height, baskets.items.height)
    pool = baskets.members.sort("baskets", "u", descending=[True, False])["u"].to_numpy()[:pool_max]
    known = _matrix(u, i, np.ones(len(u), np.float32), shape)
    known.data[:] = 1
    late = b >= n - RECENT_BASKETS
    recent = _matrix(u[late], i[late], 1 / np.minimum(n[late], RECENT_BASKETS), shape)[pool]
    habits = _matrix(u, i, _weigh_groups(b, n), shape)
    sizes = np.maximum(np.asarray(known.sum(axis=1)).ravel(), 1)
    common = known[pool].T.tocsr()
    across = habits[pool].T.tocsr()
    squares = np.asarray(habits[pool].multiply(habits[pool]).sum(axis=1)).ravel()
    named = dict(pairs.select("u", "i").sort("u").partition_by("u", as_dict=True, include_key=False))
    found: list[pl.DataFrame] = []
    for start in range(0, len(members), BLOCK):
        rows = members[start : start + BLOCK]
        selves = pool[None, :] == rows[:, None]
        shared = (known[rows] @ common).toarray() / (sizes[rows, None] ** ASYMMETRY * sizes[pool] ** (1 - ASYMMETRY))
        overlap = (_keep_nearest(shared**LOCALITY) @ recent).toarray()
        closeness = 2 * (habits[rows] @ across).toarray() - squares[None, :]
        closeness[selves] = -np.inf
        habit = habits[rows].toarray()
        nearest = (_keep_nearest(closeness, even=True) @ habits[pool]).toarray()
        mixed = OWN_SHARE * habit + (1 - OWN_SHARE) * nearest
        others = [named.get((int(row),)) for row in rows]
        at = _join_columns(others, _best(mixed, count), _best(overlap, count))
        found.append(
            pl.DataFrame(
                {
                    "u": rows[at[0]],
                    "i": at[1].astype(np.int32),
                    "overlap": overlap[at],
                    "nearest": nearest[at],
                    "habit": habit[at],
                }
            )
        )
    return pl.concat([EMPTY, *found]).sort("u", "i")


def _keep_nearest(closeness: NDArray[Any], *, even: bool = False) -> Matrix:
    """Keep the nearest of the pool in each row: by their closeness, or each the same."""
    count = min(NEAREST, closeness.shape[1] - 1)
    if count < 1:
        return sparse.csr_matrix(closeness.shape, dtype=np.float32)
    nearest = np.argpartition(-closeness, count, axis=1)[:, :count]
    rows = np.repeat(np.arange(closeness.shape[0]), count)
    weights = np.full(nearest.size, 1 / count) if even else np.take_along_axis(closeness, nearest, axis=1).ravel()
    return _matrix(rows, nearest.ravel(), weights, closeness.shape)


def _best(scores: Floats, count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Name the best columns of each row that have a score at all: rows and columns."""
    count = min(count, scores.shape[1] - 1)
    best = np.argpartition(-scores, count, axis=1)[:, :count]
    kept = np.take_along_axis(scores, best, axis=1) > 0
    return np.nonzero(kept)[0], best[kept]


def _join_columns(
    others: list[pl.DataFrame | None], *more: tuple[NDArray[Any], NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Join what was named in each row, each pair once: rows and columns, in order."""
    rows = [np.full(other.height, at) for at, other in enumerate(others) if other is not None]
    columns = [other["i"].to_numpy() for other in others if other is not None]
    joined = pl.DataFrame(
        {
            "row": np.concatenate([*rows, *(pair[0] for pair in more)]).astype(np.int64),
            "column": np.concatenate([*columns, *(pair[1] for pair in more)]).astype(np.int64),
        }
    )
    joined = joined.unique().sort("row", "column")
    return joined["row"].to_numpy(), joined["column"].to_numpy()


def _matrix(u: NDArray[Any], i: NDArray[Any], weight: NDArray[Any], shape: tuple[int, int]) -> Matrix:
    return sparse.csr_matrix((weight.astype(np.float32), (u, i)), shape=shape)


def _weigh_groups(b: NDArray[Any], n: NDArray[Any]) -> NDArray[np.float64]:
    """Weigh a purchase by which third of the member's baskets it was in, the newest most; thirds differ by one at most.

    After Hu et al. 2020 (temporal item frequency), with no decay inside a group.
    """
    base = n // GROUPS
    smaller = GROUPS - n % GROUPS
    early = b < smaller * base
    group = np.where(early, b // np.maximum(base, 1), smaller + (b - smaller * base) // (base + 1))
    size = np.where(group < smaller, base, base + 1)
    few = n < GROUPS
    group, size, groups = np.where(few, b, group), np.where(few, 1, size), np.where(few, n, GROUPS)
    return GROUP_DECAY ** (groups - 1.0 - group) / (size * groups)
