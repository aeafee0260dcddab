import csv
import io
import itertools
import json
import signal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regulars.interfaces.cli import files
from regulars.interfaces.cli.files import ActivityFile, FileUnreadable, FileUnsorted
from tests.base.servers import ask, wait_until
from tests.cli.calls import Shell

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
HEAD = "id,occurred_at,member,sku,amount_minor,categories\n"


Fact = dict[str, Any]


def purchase(number: int, *, card: str = "7", hours: int | None = None, lines: int = 1) -> Fact:
    at = START + timedelta(hours=number if hours is None else hours)
    return {
        "id": f"b-{number}",
        "source": "till",
        "kind": "purchase",
        "occurred_at": at.isoformat(),
        "member": {"identifier": {"kind": "card", "value": card}},
        "lines": [{"sku": f"s-{n}", "amount_minor": 100 * n, "categories": ["DAIRY"]} for n in range(1, lines + 1)],
    }


def ndjson(facts: Iterable[Fact]) -> str:
    return "".join(json.dumps(fact) + "\n" for fact in facts)


def rows_of(facts: Iterable[Fact]) -> list[Fact]:
    return [
        {
            "id": fact["id"],
            "source": fact["source"],
            "occurred_at": fact["occurred_at"],
            "member": f"card:{fact['member']['identifier']['value']}",
            "sku": line["sku"],
            "amount_minor": line["amount_minor"],
            "categories": " > ".join(line["categories"]),
        }
        for fact in facts
        for line in fact["lines"]
    ]


def write_all(shell: Shell, facts: list[Fact]) -> tuple[Path, Path, Path]:
    """The same activities in each shape."""
    rows = rows_of(facts)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    frame = pl.DataFrame(rows).with_columns(
        pl.col("occurred_at").str.to_datetime(time_zone="UTC"), pl.col("categories").str.split(" > ")
    )
    parquet = shell.folder / "facts.parquet"
    frame.write_parquet(parquet)
    return shell.write("facts.ndjson", ndjson(facts)), shell.write("facts.csv", text.getvalue()), parquet


def test_every_shape_says_the_same_and_twice_changes_nothing(shop: Shell) -> None:
    first, *others = write_all(shop, [purchase(n, card=str(n % 3), lines=n % 4 + 1) for n in range(1, 41)])
    done = shop("replay", first, "--json")
    assert done.status == 0, done.err
    assert (done.value["recorded"], done.value["repeated"], done.value["refused"]) == (40, 0, 0)
    before = shop("statement", "card:1", "-n", "100", "--json").value
    for file in (first, *others):
        again = shop("replay", file)
        assert again.status == 0, again.err
        assert again.said.startswith("Nothing changed: 40 were already there, 0 refused.")
    assert shop("statement", "card:1", "-n", "100", "--json").value["entries"] == before["entries"]


def test_refused_rows_are_named_and_the_others_recorded(shop: Shell) -> None:
    good = [purchase(n) for n in range(1, 4)]
    lines = [
        *(json.dumps(fact) for fact in good),
        "{broken",
        json.dumps({**purchase(5), "occurred_at": "2026-01-01T09:00:00"}),
        json.dumps({**purchase(6), "lines": [{"sku": "x", "amount_minor": -1}]}),
        json.dumps({**purchase(7), "colour": "red"}),
        json.dumps({**purchase(1), "store": "elsewhere"}),
        json.dumps({**purchase(9), "kind": "sneeze"}),
        json.dumps({**purchase(10), "occurred_at": "2019-06-01T09:00:00Z"}),
    ]
    done = shop("replay", shop.write("facts.ndjson", "\n".join(lines)))
    assert done.status == 1
    assert "3 recorded, 0 were already there" in done.said
    for words in (
        "line 4: This is not JSON",
        "line 5: occurred_at is '2026-01-01T09:00:00'; a time has its zone",
        "line 6: lines[0].amount_minor: expected `int` >= 0",
        "line 7: An activity has no field 'colour'.",
        "line 8: The id 'b-1' of 'till' was already used for another activity. [key_reused]",
        "line 9: No offer of the programme answers to 'sneeze'",
        "line 10: No programme was live at 2019-06-01",
    ):
        assert words in done.said
    assert "regulars: 7 were refused. Mend those rows and run this again." in done.said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("facts.txt", b"", "activities are read from files that end in .parquet, .csv, .ndjson, .jsonl"),
        ("facts.csv", b"id,member\n1,card:7\n", "has no column occurred_at"),
        ("facts.csv", b"id,occurred_at,member,sku,price\n", "columns that mean nothing here: price"),
        ("facts.csv", b"", "has no column id, occurred_at, member"),
        ("facts.csv", b"\xff\xfe\x00", "line 1: this is not CSV in UTF-8"),
        ("facts.csv", HEAD.encode() + b'1,2026-01-01T09:00:00Z,card:7,"milk,1,\n', "this is not CSV in UTF-8"),
        ("facts.parquet", b"PAR1 but no more", "is not a Parquet file"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileUnreadable) as refused:
        list(ActivityFile.open(path, source="till").batches(10))
    assert said in refused.value.detail


def test_a_broken_row_says_what_is_wrong(shop: Shell) -> None:
    rows = (
        ("1,2026-01-01T09:00:00,card:7,milk,100,", "occurred_at is '2026-01-01T09:00:00'; a time has its zone"),
        ("2,2026-01-01T09:00:00Z,7,milk,100,", "'7' is no member"),
        ("3,2026-01-01T09:00:00Z,,milk,100,", "'' is no member"),
        ("4,2026-01-01T09:00:00Z,card:7,milk,1.5,", "amount_minor is '1.5', and must be a whole number"),
        ("5,2026-01-01T09:00:00Z,card:7,milk,,", "lines[0]: object missing required field `amount_minor`"),
        ("6,2026-01-01T09:00:00Z,card:7,milk,99999999999999999999,", "lines[0].amount_minor: "),
    )
    done = shop("replay", shop.write("facts.csv", HEAD + "\n".join(row for row, _ in rows)), "--source", "till")
    assert done.status == 1
    for line, (_, said) in enumerate(rows, start=2):
        assert f"line {line}: {said}" in done.said


def test_a_file_that_is_not_there(shop: Shell) -> None:
    done = shop("replay", "gone.csv")
    assert (done.status, done.said) == (1, "regulars: There is no file gone.csv.")


def test_a_source_must_come_from_somewhere(shop: Shell) -> None:
    shop.write("facts.csv", HEAD + "1,2026-01-01T09:00:00Z,card:7,milk,100,\n")
    assert "Add a column source, or --source NAME." in shop("replay", "facts.csv").said
    assert shop("replay", "facts.csv", "--source", "till").status == 0


def test_a_small_file_is_put_in_order_and_a_large_one_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facts.ndjson"
    path.write_text(ndjson([purchase(1, hours=3), purchase(2, hours=2), purchase(3, hours=1)]))
    file = ActivityFile.open(path)
    assert [fact.id for batch in file.batches(2) for fact in batch.facts] == ["b-3", "b-2", "b-1"]
    monkeypatch.setattr(files, "SORT_BYTES_MAX", 10)
    with pytest.raises(FileUnsorted, match=r"row 2 \(2026-01-01T11:00:00\+00:00\) comes after row 1"):
        list(file.batches(2))


def test_what_comes_before_an_unsorted_row_is_recorded(shop: Shell) -> None:
    facts = [{**purchase(n), "data": {"note": "x" * 100_000}} for n in range(1, 701)]
    facts[650] = purchase(99_999, hours=0)
    path = shop.write("facts.ndjson", ndjson(facts))
    assert path.stat().st_size > files.SORT_BYTES_MAX
    done = shop("replay", path, "--batch", "100")
    assert done.status == 1
    assert "not in time order: row 651" in done.said
    # Whole batches, up to the one in which it stands.
    assert "Stopped after 600; 600 recorded" in done.said


def test_a_replay_cut_short_goes_on(shop: Shell, database_url: str) -> None:
    path = shop.write("facts.ndjson", ndjson(purchase(n, card=str(n % 50)) for n in range(1, 9_001)))
    with shop.started("replay", path, "--batch", "20") as running:
        wait_until(lambda: ask(database_url, "SELECT count(*) FROM activity.journal") > 0)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=180)
    assert running.returncode != 0
    assert "Traceback" not in said
    done = shop("replay", path, "--json")
    assert done.status == 0
    assert done.value["recorded"] + done.value["repeated"] == 9_000
    assert done.value["recorded"] > 0
    assert done.value["repeated"] > 0
    assert shop("check").status == 0


def test_rows_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first batch is there long before the last row, which is broken: nobody holds the whole file.
    monkeypatch.setattr(files, "SORT_BYTES_MAX", 1_000_000)
    path = tmp_path / "facts.csv"
    with path.open("w") as file:
        file.write(HEAD)
        for number in range(50_000):
            file.write(f"b-{number},2026-01-01T09:00:00Z,card:7,milk,100,DAIRY > {'x' * 40}\n")
        file.write("b-last,never,card:7,milk,100,DAIRY\n")
    batches = ActivityFile.open(path, source="till").batches(100)
    first = next(batches)
    assert first.read < path.stat().st_size // 100
    assert first.broken == []
    assert [fact.id for fact in first.facts[:2]] == ["b-0", "b-1"]
    assert first.lines[:2] == [2, 3]
    assert sum(len(batch.facts) for batch in itertools.islice(batches, 3)) == 300
    *_, last = batches
    assert [broken.line for broken in last.broken] == [50_002]
