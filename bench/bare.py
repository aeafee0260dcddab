"""What a quote is measured beside: a bare FastAPI route over the same database.

It reads the same basket with msgspec, asks the database one thing, and answers a kilobyte. No key, no rules, no problem
details: the least that a service over a database can be.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI, Request, Response
from msgspec import Struct


class Line(Struct):
    """A line of a basket."""

    sku: str
    amount_minor: int
    quantity_milli: int
    categories: list[str]
    brand: str


class Identifier(Struct):
    """What the customer shows."""

    kind: str
    value: str


class Reference(Struct):
    """Who it is."""

    identifier: Identifier


class Basket(Struct):
    """What is priced."""

    id: str
    source: str
    occurred_at: str
    member: Reference
    store: str
    channel: str
    lines: list[Line]


class Priced(Struct):
    """The answer: about as long as a quote's."""

    total_minor: int
    member: str | None
    lines: list[tuple[int, int, str]]


read_basket = msgspec.json.Decoder(Basket)
write_answer = msgspec.json.Encoder().encode


def build(url: str) -> FastAPI:
    """Build the app over a database of Regulars."""

    @asynccontextmanager
    async def living(made: FastAPI) -> AsyncGenerator[None]:
        made.state.pool = await asyncpg.create_pool(url, min_size=8, max_size=8)
        print("Listening on", file=sys.stderr, flush=True)
        yield
        await made.state.pool.close()

    made = FastAPI(lifespan=living)

    @made.post("/v1/quotes")
    async def price(request: Request) -> Response:
        basket = read_basket.decode(await request.body())
        member = await made.state.pool.fetchval(
            "SELECT id FROM members.member ORDER BY id LIMIT 1 OFFSET $1", len(basket.member.identifier.value)
        )
        lines = [(place, line.amount_minor, line.sku) for place, line in enumerate(basket.lines, start=1)]
        answer = Priced(total_minor=sum(each[1] for each in lines), member=str(member), lines=lines)
        return Response(write_answer(answer), media_type="application/json")

    return made


if __name__ == "__main__":
    config = uvicorn.Config(
        build(sys.argv[1]), port=int(sys.argv[2]), http="httptools", loop="none", log_level="error", access_log=False
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())
