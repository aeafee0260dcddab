"""Groups of members who shop alike, named by what sets them apart from the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from regulars.intelligence.evaluation import Words

__all__ = ["Cluster", "Clusters", "find_clusters"]

MEMBERS_MIN: Final = 100
SIZES: Final = (3, 4, 5, 6)
SAMPLE_MAX: Final = 3_000
"""Members by whom the number of groups is chosen."""
APART_MIN: Final = 0.35
"""Standard deviations from the mean from which something is worth a word."""
EDGE: Final = 3.0
"""Nobody counts as further away than this many standard deviations."""
LATELY: Final = 182
WORDS: Final[Mapping[str, tuple[Words, Words]]] = {
    "visits_91": ({"en": "comes often", "zh": "常来"}, {"en": "comes rarely", "zh": "少来"}),
    "basket": ({"en": "large baskets", "zh": "大篮子"}, {"en": "small baskets", "zh": "小篮子"}),
    "departments": ({"en": "buys everything here", "zh": "品类广"}, {"en": "buys a few things", "zh": "品类窄"}),
    "promoted": ({"en": "waits for offers", "zh": "爱促销"}, {"en": "pays full prices", "zh": "少用促销"}),
    "private": ({"en": "own brands", "zh": "偏好自有品牌"}, {"en": "known brands", "zh": "偏好知名品牌"}),
    "weekend": ({"en": "at weekends", "zh": "周末来"}, {"en": "on weekdays", "zh": "平日来"}),
}
"""What is looked at, and what much and little of it is called."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One group."""

    id: str
    name: Words
    members: int
    middle: Mapping[str, float]
    """How far the group is from all, in standard deviations, by what is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """All groups, and who is in which."""

    groups: tuple[Cluster, ...]
    members: pl.DataFrame
    """member, cluster."""


def find_clusters(told: pl.DataFrame) -> Clusters | None:
    """Group those who came within half a year, by what `describe_visits` tells.

    None where they are too few, or too much alike.
    The same members are grouped the same each time.
    """
    known = told.filter(pl.col("recency") <= LATELY).sort("member")
    if known.height < MEMBERS_MIN:
        return None
    rows = _standardise(known)
    if np.unique(rows, axis=0).shape[0] < MEMBERS_MIN // 2:
        return None
    cluster: Any = import_module("sklearn.cluster")
    fitted = cluster.KMeans(n_clusters=_choose_size(rows), n_init=5, random_state=0).fit(rows)
    labels, middles = np.asarray(fitted.labels_), np.asarray(fitted.cluster_centers_, dtype=np.float64)
    groups: list[Cluster] = []
    ids: dict[int, str] = {}
    # By size, so that a group keeps its place when others change a little.
    for place, label in enumerate(np.argsort(-np.bincount(labels), kind="stable").tolist()):
        ids[label] = f"group_{place + 1}"
        middle = dict(zip(WORDS, middles[label].tolist(), strict=True))
        groups.append(Cluster(id=ids[label], name=_name(middle), members=int((labels == label).sum()), middle=middle))
    return Clusters(
        groups=tuple(groups),
        members=pl.DataFrame({"member": known["member"], "cluster": [ids[label] for label in labels.tolist()]}),
    )


def _standardise(known: pl.DataFrame) -> Floats:
    rows = known.select(
        pl.col("visits_91").cast(pl.Float64).log1p(),
        pl.col("basket").cast(pl.Float64).log1p(),
        *(pl.col(name).cast(pl.Float64) for name in ("departments", "promoted", "private", "weekend")),
    ).to_numpy()
    rows = np.nan_to_num(rows)
    width = rows.std(axis=0)
    return np.clip((rows - rows.mean(axis=0)) / np.where(width > 0, width, 1.0), -EDGE, EDGE)


def _choose_size(rows: Floats) -> int:
    """Choose how many groups lie furthest apart, by the silhouette of a sample."""
    every = -(-rows.shape[0] // SAMPLE_MAX)
    sample = rows[::every]
    cluster: Any = import_module("sklearn.cluster")
    metrics: Any = import_module("sklearn.metrics")
    scores = {
        size: float(
            metrics.silhouette_score(
                sample, cluster.KMeans(n_clusters=size, n_init=2, random_state=0).fit_predict(sample)
            )
        )
        for size in SIZES
    }
    return max(scores, key=lambda size: scores[size])


def _name(middle: Mapping[str, float]) -> Words:
    """Name a group by the two things in which it is furthest from all."""
    furthest = sorted(middle, key=lambda name: -abs(middle[name]))[:2]
    told = [WORDS[name][0 if middle[name] > 0 else 1] for name in furthest if abs(middle[name]) >= APART_MIN]
    if not told:
        return {"en": "like everybody", "zh": "与平均相近"}
    return {"en": ", ".join(it["en"] for it in told), "zh": "、".join(it["zh"] for it in told)}
