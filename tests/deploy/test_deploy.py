"""What is delivered for running: a container, services, a dashboard; checked as far as it can be without an engine."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.http.conftest import house, published, purchase, settings, site
from tests.http.site import Purchase, Site

__all__ = ["house", "published", "purchase", "settings", "site"]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
REGULARS = Path(sys.executable).with_name("regulars")
EXPOSURE_MAX = 2.5
"""Of 10, as `systemd-analyze security` counts; 2.5 is "OK"."""
METRIC = re.compile(r"\bregulars_[a-z_]+")


def read_lines() -> list[tuple[str, str]]:
    """Read the instructions of the Containerfile."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_what_the_container_copies_is_there() -> None:
    copied = [rest.split() for word, rest in read_lines() if word == "COPY" and not rest.startswith("--from")]
    sources = [source for words in copied for source in words[:-1]]
    assert {"src", "pyproject.toml", "requirements/run.txt"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_container_serves_as_nobody_in_particular_and_installs_by_hashes() -> None:
    lines = read_lines()
    stages = [index for index, (word, _) in enumerate(lines) if word == "FROM"]
    last = dict(lines[stages[-1] :])
    assert last["USER"].isdigit(), "a number: an orchestrator can see that it is not root"
    assert int(last["USER"]) > 0
    assert json.loads(last["ENTRYPOINT"]) == ["regulars"]
    assert "/healthz" in last["HEALTHCHECK"]
    installs = [rest for word, rest in lines if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_compose_names_what_there_is_and_keeps_no_secret() -> None:
    written: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = written["services"]
    assert set(services) == {"database", "serve", "worker"}
    for name in ("serve", "worker"):
        build = services[name]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        assert services[name]["read_only"] is True
        done = subprocess.run(
            [REGULARS, services[name]["command"][0], "--help"], capture_output=True, check=False, timeout=180
        )
        assert done.returncode == 0, "the command exists"
    volumes = {mount.partition(":")[0] for each in services.values() for mount in each["volumes"]}
    assert volumes == set(written["volumes"])
    assert services["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The units, with programs that are on this machine."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    folder = tmp_path_factory.mktemp("units")
    made: list[Path] = []
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/regulars/bin/regulars", str(REGULARS))
        made.append(folder / unit.name)
        made[-1].write_text(text, encoding="utf-8")
    return made


def analyse(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=180)


def test_systemd_understands_every_unit(units: list[Path]) -> None:
    assert len(units) == 4
    done = analyse("verify", *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_tells_a_unit_that_is_wrong(units: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "regulars-serve.service"
    broken.write_text(units[0].read_text(encoding="utf-8").replace("ExecStart=", "ExecStarts="), encoding="utf-8")
    done = analyse("verify", broken)
    assert "ExecStarts" in done.stderr


def test_services_may_do_little_besides_serving(units: list[Path]) -> None:
    for unit in units:
        if unit.suffix == ".service":
            done = analyse("security", "--offline=true", unit)
            found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
            assert found is not None, done.stderr
            assert float(found[1]) <= EXPOSURE_MAX, unit.name


def list_queries(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from list_queries(panel.get("panels", []))


async def test_every_query_of_the_dashboard_names_what_metrics_give(site: Site, purchase: Purchase) -> None:
    await site.client.post("/v1/activities", json=purchase())
    given = (await site.client.get("/metrics")).text
    known = {line.split("{")[0].split(" ")[0] for line in given.splitlines() if line and not line.startswith("#")}
    dashboard = json.loads((DEPLOY / "grafana" / "regulars.json").read_text(encoding="utf-8"))
    queries = list(list_queries(dashboard["panels"]))
    assert len(queries) > 15
    asked = {name for query in queries for name in METRIC.findall(query)}
    asked |= set(METRIC.findall(dashboard["templating"]["list"][1]["query"]))
    assert asked - known == set()
    assert all('job="$job"' in query for query in queries), "one of several installations is looked at"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


async def test_a_request_of_a_trace_is_told_with_it(
    site: Site, purchase: Purchase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    trace, part = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    cases = [
        (f"00-{trace}-{part}-01", {"trace_id": trace, "parent_id": part}),
        (f"cc-{trace}-{part}-01-what-comes-later", {"trace_id": trace, "parent_id": part}),
        (f"ff-{trace}-{part}-01", {}),
        (f"00-{'0' * 32}-{part}-01", {}),
        (f"00-{trace.upper()}-{part}-01", {}),
        ("x" * 1000, {}),
    ]
    for number, (header, _) in enumerate(cases):
        sent = await site.client.post("/v1/activities", json=purchase(f"r{number}"), headers={"traceparent": header})
        assert sent.status_code == 201
    told = [record.facts for record in caplog.records if record.getMessage() == "answered"]  # pyright: ignore[reportAttributeAccessIssue]
    traced = [{name: each[name] for name in ("trace_id", "parent_id") if name in each} for each in told]
    assert traced[-len(cases) :] == [expected for _, expected in cases]
