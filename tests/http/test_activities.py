"""What a till sends, and what it is told."""

import asyncio
from typing import Any

import msgspec

from regulars.interfaces.http.activities import PURCHASE, RETURN
from regulars.interfaces.http.wire import ActivityIn
from tests.http.site import Purchase, Site, codes


async def test_a_purchase_earns_and_says_why(site: Site, purchase: Purchase) -> None:
    sent = purchase(minor=1250)
    answer = await site.client.post("/v1/activities", json=sent)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["source"], receipt["id"], receipt["kind"]) == ("till", "r-1", "purchase")
    assert receipt["balances"] == {"points": 12}
    (points,) = receipt["points"]
    assert (points["points"], points["offer"], points["kind"], points["lot"]) == (12, "base", "issue", 1)
    assert receipt["reasons"][0]["offer"] == "base"
    assert not {"memories", "claims", "outcome"} & receipt.keys(), "what is ours stays ours"


async def test_sent_again_it_counts_once(site: Site, purchase: Purchase) -> None:
    sent = purchase()
    first = await site.client.post("/v1/activities", json=sent)
    again = await site.client.post("/v1/activities", json=sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content


async def test_the_same_name_for_another_thing_is_refused(site: Site, purchase: Purchase) -> None:
    sent = purchase()
    await site.client.post("/v1/activities", json=sent)
    answer = await site.client.post("/v1/activities", json={**sent, "store": "s2"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "key_reused"
    assert answer.json()["retryable"] is False


async def test_sent_at_once_by_many_it_counts_once(site: Site, purchase: Purchase) -> None:
    sent = purchase()
    answers = await asyncio.gather(*(site.client.post("/v1/activities", json=sent) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1


async def test_a_batch_answers_each_in_order(site: Site, purchase: Purchase) -> None:
    sent = [
        purchase("a", minor=300),
        purchase("b", minor=-1),
        purchase("a", minor=300),
        purchase("a", minor=400),
        purchase("c", kind="handstand"),
        purchase("d", minor=500),
    ]
    sent[2]["occurred_at"] = sent[3]["occurred_at"] = sent[0]["occurred_at"]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert codes(results) == [
        "recorded",
        "body_invalid",
        "repeated",
        "key_reused",
        "activity_kind_unknown",
        "recorded",
    ]
    assert results[1]["problem"]["errors"] == [
        {"path": "$.activities[1].lines[0].amount_minor", "message": "Expected int >= 0."}
    ]
    assert results[0]["receipt"] == results[2]["receipt"]
    assert results[5]["receipt"]["balances"] == {"points": 8}, "neighbours of one member see each other"


async def test_a_batch_of_one_differs_in_shape_only(site: Site, purchase: Purchase) -> None:
    good, bad = purchase("a"), purchase("b", kind="handstand")
    single = await site.client.post("/v1/activities", json=good)
    batch = await site.client.post("/v1/activities", json={"activities": [good]})
    assert batch.json()["results"] == [{"status": "repeated", "receipt": single.json()}]
    alone = (await site.client.post("/v1/activities", json=bad)).json()
    among = (await site.client.post("/v1/activities", json={"activities": [bad]})).json()["results"][0]["problem"]
    del alone["instance"]
    assert among == alone


async def test_a_large_batch_is_recorded_in_parts_and_whole(site: Site, purchase: Purchase) -> None:
    sent = [purchase(f"r-{number}", minor=100, card=str(number % 300)) for number in range(1000)]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    results = answer.json()["results"]
    assert [each["receipt"]["id"] for each in results] == [each["id"] for each in sent]
    assert {each["status"] for each in results} == {"recorded"}
    assert results[999]["receipt"]["balances"] == {"points": 4}


async def test_a_batch_has_its_bounds(site: Site) -> None:
    for count in (0, 1001):
        answer = await site.client.post("/v1/activities", json={"activities": [{}] * count})
        assert (answer.status_code, answer.json()["code"]) == (422, "body_invalid")
        assert answer.json()["errors"][0]["path"] == "$.activities"


async def test_a_return_takes_back_what_its_line_gave(site: Site, purchase: Purchase) -> None:
    bought = (await site.client.post("/v1/activities", json=purchase("a", minor=1000))).json()
    back = purchase("b", kind="return", origin="a", lines=[], returned=[{"line": 1, "amount_minor": 400}])
    back["member"] = {"id": bought["member"]}
    returned = await site.client.post("/v1/activities", json=back)
    assert returned.status_code == 201, returned.text
    assert returned.json()["balances"] == {"points": 6}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "$.colour", "There is no such field."),
    ({"lines": [{"sku": "a", "amount_minor": 1, "price": 2}]}, "$.lines[0].price", "There is no such field."),
    ({"lines": [{"sku": "a"}]}, "$.lines[0].amount_minor", "This field is required."),
    ({"lines": [{"sku": "a", "amount_minor": "1"}]}, "$.lines[0].amount_minor", "Expected int, got str."),
    ({"lines": [{"sku": "a", "amount_minor": True}]}, "$.lines[0].amount_minor", "Expected int, got bool."),
    ({"lines": [{"sku": "a", "amount_minor": 1.5}]}, "$.lines[0].amount_minor", "Expected int, got float."),
    ({"lines": [{"sku": "a", "amount_minor": 2**53}]}, "$.lines[0].amount_minor", f"Expected int <= {2**53 - 1}."),
    ({"lines": [{"sku": "a", "amount_minor": 10**30}]}, "$.lines[0].amount_minor", ""),
    ({"lines": [{"sku": "a", "amount_minor": 1}] * 501}, "$.lines", "Expected array of length <= 500."),
    ({"occurred_at": "2026-03-01T09:30:00"}, "$.occurred_at", "A time needs its zone"),
    ({"occurred_at": "yesterday"}, "$.occurred_at", "Invalid RFC3339 encoded datetime."),
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "$", "occurred_at lies between the years 1970 and 9998."),
    ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "$", "occurred_at lies between the years 1970 and 9998."),
    ({"member": {}}, "$.member", "Give either id or identifier."),
    ({"member": {"id": "7"}}, "$.member.id", "Invalid UUID."),
    ({"member": {"identifier": {"kind": "Card", "value": "1"}}}, "$.member.identifier.kind", ""),
    ({"id": ""}, "$.id", "Expected str of length >= 1."),
    ({"id": "a\nb"}, "$.id", ""),
    ({"id": "a\n"}, "$.id", ""),
    ({"source": "my till"}, "$.source", ""),
    ({"data": {"weather": "sun\0"}}, "$.data.weather", "The character U+0000 cannot be kept."),
    ({"data": {"weather": {"is": "fine"}}}, "$.data[...]", ""),
    ({"data": {f"f{number}": 1 for number in range(51)}}, "$.data", ""),
    ({"ask": {"points": 2**60}}, "$.ask[...]", ""),
]


async def test_what_is_wrong_is_told_with_its_place(site: Site, purchase: Purchase) -> None:
    for change, path, message in WRONG:
        answer = await site.client.post("/v1/activities", json={**purchase(), **change})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "body_invalid"), change
        (fault,) = problem["errors"]
        assert fault["path"] == path, change
        assert fault["message"].startswith(message), change
    async with site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM activity.journal") == 0
        assert await read.value("SELECT count(*) FROM members.member") == 0


async def test_a_text_that_only_looks_like_a_nul_is_kept(site: Site, purchase: Purchase) -> None:
    answer = await site.client.post("/v1/activities", json=purchase(data={"path": "\\u0000"}))
    assert answer.status_code == 201, answer.text


async def test_one_faulty_character_does_not_spoil_the_neighbours(site: Site, purchase: Purchase) -> None:
    sent = [purchase("a"), purchase("b", data={"weather": "\0"}), purchase("c")]
    answer = await site.client.post("/v1/activities", json={"activities": sent})
    assert codes(answer.json()["results"]) == ["recorded", "body_invalid", "recorded"]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"occurred_at": "2019-03-01T09:30:00Z"}, 422, "activity_too_late"),
    ({"occurred_at": "2119-03-01T09:30:00Z"}, 422, "activity_in_future"),
    ({"source": "clock"}, 422, "source_reserved"),
    ({"kind": "handstand"}, 422, "activity_kind_unknown"),
    ({"kind": "return", "origin": "nothing", "lines": []}, 404, "origin_unknown"),
    ({"member": {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}}, 404, "member_unknown"),
    ({"member": {"identifier": {"kind": "phone", "value": "call me"}}}, 422, "identifier_invalid"),
]


async def test_what_cannot_be_is_refused_with_its_code(site: Site, purchase: Purchase) -> None:
    for change, status, code in REFUSED:
        answer = await site.client.post("/v1/activities", json={**purchase(), **change})
        assert (answer.status_code, answer.json()["code"]) == (status, code), change
    async with site.database.snapshot() as read:
        assert await read.value("SELECT count(*) FROM activity.journal") == 0


async def test_a_key_of_one_store_speaks_for_it_alone(site: Site, purchase: Purchase) -> None:
    headers = site.using(await site.issue("activities:write", store="s1"))
    answer = await site.client.post(
        "/v1/activities", json={"activities": [purchase("a"), purchase("b", store="s2")]}, headers=headers
    )
    assert codes(answer.json()["results"]) == ["recorded", "store_forbidden"]
    alone = await site.client.post("/v1/activities", json=purchase("b", store="s2"), headers=headers)
    assert (alone.status_code, alone.json()["code"]) == (403, "store_forbidden")


async def test_the_examples_can_be_sent(site: Site, purchase: Purchase) -> None:
    now = purchase()["occurred_at"]
    for example in (PURCHASE, RETURN):
        msgspec.convert(example, ActivityIn)
    sent = {"activities": [{**example, "occurred_at": now} for example in (PURCHASE, RETURN)]}
    answer = await site.client.post("/v1/activities", json=sent)
    assert codes(answer.json()["results"]) == ["recorded", "recorded"], answer.text


async def test_everything_allowed_arrives(site: Site, purchase: Purchase) -> None:
    sent = purchase(
        channel="shop",
        ask={"note": "x"},
        data={"weather": "晴", "steps": 7, "sunny": True, "unknown": None},
        lines=[
            {
                "sku": "tea",
                "amount_minor": 1250,
                "quantity_milli": 640,
                "categories": ["DRINKS", "TEA"],
                "brand": "春",
                "shelf_discount_minor": 10,
                "coupon_discount_minor": 5,
            }
        ],
    )
    assert (await site.client.post("/v1/activities", json=sent)).status_code == 201
    async with site.database.snapshot() as read:
        body = msgspec.json.decode(await read.value("SELECT body::text FROM activity.journal"))
    assert {name: body[name] for name in ("channel", "ask", "data", "lines")} == {
        name: sent[name] for name in ("channel", "ask", "data", "lines")
    }
