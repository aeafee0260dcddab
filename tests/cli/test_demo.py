"""The demo, from end to end on a sample: what a newcomer sees."""

import json
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.cli.calls import Done, Shell, make_shell
from tests.cli.test_replay import ndjson, purchase
from tests.ports import find_port

BASKETS = 16_553
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return make_shell(tmp_path_factory.mktemp("demo"), REGULARS_PORT=str(find_port()))


@pytest.fixture(scope="module")
def replayed(sandbox: Shell) -> Done:
    """The sample, replayed: every test finds it there, whichever of them runs first."""
    return sandbox("demo", "--fast", "--no-serve", "--report", "figures.json")


def test_a_sample_is_replayed_reported_and_proved(sandbox: Shell, replayed: Done) -> None:
    done = replayed
    assert done.status == 0, done.err
    # Where the data comes from is said before any figure.
    said = " ".join(done.out.split())
    assert 0 < said.index("simulated from real shopping patterns and for education") < said.index("Members by level")
    for words in ("Points on every purchase", "Summer of fresh produce", "slowest", "The books are right"):
        assert words in said
    figures = json.loads((sandbox.folder / "figures.json").read_text())
    assert (figures["baskets"], figures["baskets_recorded"], figures["check_faults"]) == (BASKETS, BASKETS, 0)
    assert figures["letters"] == figures["letters_recorded"] == 608
    assert figures["points_issued"] > 0
    assert figures["points_outstanding"] == figures["points_usable"] + figures["points_pending"]
    assert figures["points_issued"] == figures["points_outstanding"] + figures["points_expired"]
    assert sum(figures["year"]["tiers"].values()) == figures["year"]["members"]
    sorts = {each["type"]: each for each in figures["year"]["coupons"]}
    assert sum(each["letters"] for each in sorts.values()) == 608
    assert {name: each["given"] // each["letters"] for name, each in sorts.items()} == {"A": 16, "B": 6, "C": 4}
    # Most coupons that the data has used are honoured; what is one too many stops no basket.
    assert all(each["shown"] > each["used"] > each["shown"] // 2 for each in sorts.values())
    assert [sorts[name]["taken_off_minor"] for name in "ABC"] == [100 * sorts["A"]["used"], 50 * sorts["B"]["used"], 0]
    assert sorts["C"]["points"] > 0
    challenges = {each["offer"]: each for each in figures["year"]["challenges"]}
    assert challenges.keys() == {"fresh-days", "week-by-week"}
    assert all(0 < each["members"] < each["times"] < each["points"] for each in challenges.values())
    assert figures["year"]["badges"].keys() == {"neighbour", "fresh-cook"}
    assert figures["rss_mb"] < 1_000
    assert figures["postgres_rss_mb"] > 0

    again = sandbox("demo", "--fast", "--no-serve", "--report", "again.json", "--lang", "zh_CN.UTF-8")
    assert again.status == 0, again.err
    assert "无需回放" in again.out
    repeated = json.loads((sandbox.folder / "again.json").read_text())
    assert (repeated["baskets_recorded"], repeated["baskets_repeated"]) == (0, BASKETS)
    assert (repeated["letters_recorded"], repeated["letters"]) == (0, 608)
    assert repeated["year"] == figures["year"]


def test_it_serves_with_a_key_and_a_curl_that_work(sandbox: Shell, replayed: Done) -> None:
    with sandbox.started("demo", "--fast") as running:
        assert running.stdout is not None
        lines: list[str] = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        text = "".join(lines)
        assert "Nothing is new, so the books were not proved again" in text
        address, token, body = (re.search(it, text) for it in (r"Serving on (\S+)", r"API key\s+(\S+)", r"-d '(.*)'"))
        assert address
        assert token
        assert body
        headers = {"Authorization": f"Bearer {token[1]}", "Content-Type": "application/json"}
        assert httpx.get(f"{address[1]}/docs").status_code == 200
        sent = httpx.post(f"{address[1]}/v1/activities", headers=headers, content=body[1])
        assert sent.status_code in {200, 201}, sent.text
        assert [each["points"] for each in sent.json()["points"]] == [6, 4]
        for role, email, password, code in re.findall(
            r"^  (\w+) +(\S+@demo.example) +password (\S+) +code (\d+)$", text, re.MULTILINE
        ):
            assert sign_in(address[1], email, password, code) == [role]
        assert len(re.findall("@demo.example +password", text)) == 4
        again = sandbox("demo", "--fast", "--codes")
        assert again.status == 0, again.err
        assert re.findall(r"password (\S+)", again.out) == re.findall(r"password (\S+)", text)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=180)
    assert running.returncode == 0


def sign_in(address: str, email: str, password: str, code: str) -> list[str]:
    """Sign in with what was printed; gives the roles."""
    with httpx.Client(base_url=address, timeout=60) as client:
        begun = client.post("/v1/session", json={"email": email, "password": password})
        assert begun.status_code == 200, begun.text
        opened = client.post("/v1/session/second", json={"pending": begun.json()["pending"], "code": code})
        assert opened.status_code == 200, opened.text
        return opened.json()["me"]["account"]["roles"]


def test_balances_are_seen_as_of_the_end_of_the_year(sandbox: Shell, replayed: Done) -> None:
    folder = Path(sandbox.env["REGULARS_DATA_DIR"]) / "fast"
    found = sandbox("statement", "card:900", "--json", REGULARS_DATA_DIR=str(folder)).value
    assert found["at"].startswith("2018-01-01T")
    points = next(each for each in found["standing"] if each["currency"] == "points")
    assert points["available"] > 0
    assert points["pending"] > 0
    assert points["next_expiry"].startswith("2018-")
    assert found["traits"]["tier"] in {"green", "silver", "gold"}


def test_real_data_is_never_set_back_in_time(tmp_path: Path, shop: Shell) -> None:
    shop("replay", shop.write("facts.ndjson", ndjson([purchase(1)])))
    done = shop("demo", "--no-serve")
    assert done.status == 1
    assert "This database holds activities of its own" in done.said
    assert shop("check").status == 0


def test_a_port_in_use_is_told_before_anything_is_replayed(tmp_path: Path) -> None:
    shell = make_shell(tmp_path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        done = shell("demo", "--fast", REGULARS_PORT=str(port))
    assert done.status == 1
    assert done.said.startswith(f"regulars: Something else listens on 127.0.0.1:{port}.")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (("--report", "gone/figures.json"), {}, "There is no folder"),
        (("--program", "gone.yaml"), {}, "gone.yaml cannot be read"),
        ((), {"REGULARS_DATABASE_URL": "postgresql://127.0.0.1/x"}, "--fast keeps its sample in an embedded database"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(
    tmp_path: Path, words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    done = make_shell(tmp_path)("demo", "--fast", "--no-serve", *words, **env)
    assert done.status == 1
    assert said in done.said
    assert not (tmp_path / "data").exists()
