"""What is counted, for Prometheus. Labels come from small closed sets; nothing personal can be in one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from regulars.kernel.spine import Outcome

__all__ = ["MEDIA_TYPE", "Meters"]

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
SIZES: Final = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Meters:
    """The counts of one app, in a registry of its own."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin to count; in `folder`, where several workers count and each answers for all."""
        self._folder = folder
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._registry = CollectorRegistry(auto_describe=True)
        self._requests = Counter(
            "regulars_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "regulars_http_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._open = Gauge(
            "regulars_http_requests_open",
            "Requests being answered now.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._activities = Counter(
            "regulars_activities",
            "What became of the activities sent: recorded or repeated by kind, refused by code.",
            ("outcome", "kind", "code"),
            registry=self._registry,
        )
        self._batch = Histogram(
            "regulars_activities_per_request",
            "Activities in one request.",
            buckets=SIZES,
            registry=self._registry,
        )

        self._together = Histogram(
            "regulars_activities_per_transaction",
            "Activities that were recorded together.",
            buckets=SIZES,
            registry=self._registry,
        )

    def note_together(self, count: int) -> None:
        """Count a transaction with so many activities in it."""
        self._together.observe(count)

    def note_open(self, count: int) -> None:
        """Tell how many requests are being answered."""
        self._open.set(count)

    def note_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request. `route` is the pattern of its address, never the address."""
        named = (method if method in METHODS else "other", route, status)
        found = self._answered.get(named)
        if found is None:
            # Found once: there are as many as there are routes and answers of theirs.
            found = (self._requests.labels(named[0], route, str(status)), self._seconds.labels(route))
            self._answered[named] = found
        found[0].inc()
        found[1].observe(seconds)

    def note_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """Count what became of the activities of one request."""
        count = 0
        for outcome in outcomes:
            count += 1
            if outcome.receipt is not None:
                # A kind that was recorded is one of the programme's; one that was refused may be anything.
                what = "repeated" if outcome.repeated else "recorded"
                self._activities.labels(what, outcome.receipt.kind, "").inc()
            else:
                assert outcome.refusal is not None
                self._activities.labels("refused", "", outcome.refusal.code).inc()
        self._batch.observe(count)

    def render(self) -> bytes:
        """Write everything down in Prometheus' text format."""
        if self._folder is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))
        return generate_latest(registry)
