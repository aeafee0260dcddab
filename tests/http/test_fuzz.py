"""Every route is sent what its description allows and what it does not: no failure of ours, no answer it does not tell.

Made by Schemathesis from the OpenAPI that the server itself gives. All of its checks are on, with two things said in
`EXPECTED`: 422 is an answer to a body that fits the schema as well, for no schema says that a cursor must be one that
we gave, that a purchase is of the last 30 days, or that a list has no code twice; and a batch of activities is answered
with 200 and a problem for each one that cannot be read, so that one spoils no other.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.http.site import Site

EXPECTED = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "413", "422", "429", "503"]

[[operations]]
include-path = "/v1/activities"
[operations.checks.negative_data_rejection]
expected-statuses = ["200", "4xx"]

# The name of another route stands where this one has a member: GET finds the one for members, and no such member.
[[operations]]
include-path = "/v1/members/lookup"
[operations.checks.unsupported_method]
enabled = false
"""


@pytest.mark.slow
async def test_no_failure_of_ours_and_no_answer_that_is_not_told(site: Site, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(EXPECTED, encoding="utf-8")
    command = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"))
    options = ("--checks", "all", "--phases", "examples,fuzzing", "--max-examples", "2", "--continue-on-failure")
    # The same cases each time unless a seed is named: what a change did not break must not fail by chance.
    seed = ("--seed", os.environ.get("REGULARS_TEST_SEED", "1"))
    process = await asyncio.create_subprocess_exec(
        *command,
        *("run", f"{site.url}/openapi.json", *options, "--no-color", "--generation-database", "none", *seed),
        *("--header", f"Authorization: {site.client.headers['Authorization']}"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    text = told.decode()
    assert "Test cases:" in text, text[-3000:]
    assert process.returncode == 0, text[-12_000:]
