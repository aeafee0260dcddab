"""`regulars insight`, as people and machines call it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regulars.intelligence.evaluation import Insight, Section
from regulars.intelligence.reporting import Kept, Made, write_run
from regulars.interfaces.cli.main import app
from tests.intelligence.makers import START

SECTION = Section(title={"en": "What happened", "zh": "经营概况"}, tells=({"en": "More came.", "zh": "来的人多了。"},))


def call(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


def test_tasks_are_named() -> None:
    code, out, _ = call("insight", "eval", "list")
    assert code == 0
    assert {"lapse", "value"} <= set(out.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eval", "weather"), "There is no task 'weather'"),
        (("segment", "member.visits >= 4"), "a name of its own"),
        (("segment", "a=true", "a=false"), "a name of its own"),
    ],
)
def test_what_is_not_understood_is_refused_in_one_sentence(words: tuple[str, ...], said: str) -> None:
    code, _, err = call("insight", *words)
    assert code == 1
    assert said in err


def test_the_page_of_the_last_run_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_DATA_DIR", str(tmp_path))
    page = tmp_path / "page.html"
    code, _, err = call("insight", "report", "--html", str(page))
    assert code == 1
    assert "regulars insight run" in err
    made = Made(name="one", version="one-1", section=SECTION, figures={}, seconds=0.1)
    write_run(tmp_path, Kept(day=START, digest="d", data="shop", currency="", steps=(made,)))
    assert call("insight", "report", "--html", str(page), "--lang", "zh_CN.UTF-8")[0] == 0
    assert "来的人多了。" in page.read_text()
    assert Insight(section=SECTION).traits is None


@pytest.mark.slow
def test_the_year_is_judged_at_any_cutoff() -> None:
    code, out, _ = call("insight", "eval", "value", "--cutoff", "2017-06-05", "--json")
    assert code == 0
    outcome = json.loads(out)
    assert outcome["cutoff"] == "2017-06-05"
    assert abs(outcome["metrics"]["bias_percent"]) < 5
    assert outcome["paired"]["mae"]["difference"] > 0
    assert outcome["counts"]["members"] > 2_000
