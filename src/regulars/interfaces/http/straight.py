"""The straight way to a route: an address without names in it is looked up in a table, and not looked for.

The framework goes through its routes one by one, works out for each request what a route depends on, and keeps stacks
of exits for what none of ours opens. A till's requests need none of that: whoever asks is let in by the same guards, in
the same order, and what is refused is answered by the same hands. All else goes the framework's way.
"""

import inspect
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

__all__ = ["Straight"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Guard = Callable[[Request], Awaitable[None]]
Answer = Callable[[Request, Exception], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Straight:
    """Stands before the framework's router, within everything else."""

    def __init__(
        self,
        app: App,
        *,
        routes: Sequence[APIRoute],
        guards: Sequence[Guard],
        answers: Sequence[tuple[type[Exception], Answer]],
    ) -> None:
        """Take the routes that need no more than the request; `guards` are asked before each of them, in order.

        `answers` are for what is raised: the first that fits. What fits none is raised.
        """
        self._app = app
        self._guards = guards
        self._answers = answers
        self._table: dict[tuple[str, str], APIRoute] = {}
        for route in filter(is_plain, routes):
            for method in route.methods or ():
                # As with the framework, the first that is named answers.
                self._table.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._table.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope.update(route=route, endpoint=route.endpoint, path_params={})
        request = Request(scope, receive, send)
        response = await self._ask(request, route.endpoint)
        await response(scope, receive, send)

    async def _ask(self, request: Request, endpoint: Endpoint) -> Response:
        try:
            for guard in self._guards:
                await guard(request)
            return await endpoint(request)
        except Exception as error:
            for kind, answer in self._answers:
                if isinstance(error, kind):
                    return await answer(request, error)
            raise


def is_plain(route: APIRoute) -> bool:
    """Whether a route has one address, needs the request alone, and writes its answer itself."""
    if "{" in route.path or route.dependencies:
        return False
    if not inspect.iscoroutinefunction(route.endpoint):
        return False
    signature = inspect.signature(route.endpoint)
    gives: object = signature.return_annotation
    if not (isinstance(gives, type) and issubclass(gives, Response)):
        return False
    return [each.annotation for each in signature.parameters.values()] == [Request]
