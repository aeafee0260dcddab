"""Headers that are decided before a route is asked: they go out with whatever it answers."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["Telling"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Telling:
    """Stands around the app, within the watch."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_told(message: Message) -> None:
            told: dict[str, str] | None = scope["state"].get("told") if scope["type"] == "http" else None
            if told and message["type"] == "http.response.start":
                headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        await self._app(scope, receive, send_told)
