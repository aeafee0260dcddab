"""Offers in words: what the console's cards say, of what is live and of what is not kept yet."""

from tests.http.conftest import PROGRAM
from tests.http.site import Site

DOUBLED = PROGRAM.replace("points: 1, per_minor", "points: 2, per_minor")


async def test_offers_are_said_in_both_languages(site: Site) -> None:
    for lang, said in (("en", "1 Point for every ¥1"), ("zh", "1")):
        answered = await site.client.get("/v1/programs/live/words", params={"lang": lang})
        assert answered.status_code == 200, answered.text
        (offer,) = answered.json()["offers"]
        assert offer["offer"] == "base"
        assert said in offer["clauses"][0]["text"]
    assert "每" in offer["clauses"][0]["text"]


async def test_what_is_not_kept_is_said_as_it_would_be(site: Site) -> None:
    answered = await site.client.post("/v1/programs/words", json={"text": DOUBLED})
    assert "2 Points for every ¥1" in answered.json()["offers"][0]["clauses"][0]["text"]
    refused = await site.client.post("/v1/programs/words", json={"text": "program: corner"})
    assert (refused.status_code, refused.json()["code"]) == (422, "program_invalid")
