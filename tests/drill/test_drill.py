"""The drill in short: what `make drill` does for minutes, done in seconds."""

from pathlib import Path

import pytest

from drill.town import SHORT, run


@pytest.mark.slow
async def test_everything_that_tills_sell_counts_once_whoever_is_killed(database_url: str, tmp_path: Path) -> None:
    report = await run(database_url, tmp_path, SHORT, seed=6, tell=print)
    print(report.write())  # noqa: T201 - read when it fails
    assert report.faults == []
    assert sum(report.sold.values()) == SHORT.baskets
    # It was sold with a server and without.
    assert report.sold["committed"]
    assert report.sold["queued"]
    # Some of it was paid with points, and some came back.
    assert report.paid > SHORT.paying // 2
    assert report.returns == SHORT.returned
    assert (report.vouchers, report.conflicts) == (SHORT.vouchers, SHORT.doubled)
