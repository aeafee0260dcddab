"""What features count in the database: `GAUGES` and `read_gauges` of their `meters.py`, found by the file's name."""

from collections.abc import Iterable, Sequence
from types import ModuleType

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from regulars.base.db import Database
from regulars.base.errors import Refusal
from regulars.base.plugs import find_plugs

__all__ = ["find_meters", "render_gauges"]


def find_meters(package: ModuleType) -> list[ModuleType]:
    """Find what every feature counts, where it has a `meters.py`."""
    return list(find_plugs(package, "meters").values())


async def render_gauges(database: Database, package: ModuleType) -> bytes:
    """Write all of it in Prometheus' text format.

    Without a database there is one gauge that says so: the counts of this process are to be read all the same.
    """
    up = GaugeMetricFamily("regulars_database_up", "Whether the database answered when this was read.", value=1)
    meanings: dict[str, str] = {}
    values: dict[str, int] = {}
    try:
        async with database.snapshot() as read:
            for meters in find_meters(package):
                meanings.update(meters.GAUGES)
                values.update(await meters.read_gauges(read))
    except Refusal:
        return _write([GaugeMetricFamily(up.name, up.documentation, value=0)])
    return _write([up, *(GaugeMetricFamily(name, meaning, value=values[name]) for name, meaning in meanings.items())])


class _Read(Collector):
    """What was read just now. No counters: those would be added up over all workers, who all read the same."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Give it to whoever writes it down."""
        return self._families


def _write(families: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Read(families))
    return generate_latest(registry)
