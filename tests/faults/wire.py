"""A wire that can be cut: a proxy between two programs, which lets a message through and not its answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Wire", "open_wire"]

CHUNK_BYTES: int = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Wire:
    """Passes on what it is given, until it is told to cut."""

    path: str | None = None
    """Where the other side listens: a socket's file, or a port of this machine."""
    port: int | None = None
    marks: tuple[bytes, ...] = ()
    """What a message must hold for its answer to be lost."""
    cuts_left: int = 0
    every: int = 1
    """Lose one of so many."""
    cut: int = 0
    """How many answers were lost."""
    marked: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join one caller with the other side."""
        try:
            far_reader, far_writer = await self._reach()
        except OSError:
            # Nobody listens there now: the caller hears just that.
            writer.transport.abort()
            return
        doomed = asyncio.Event()
        there = asyncio.create_task(self._pass_on(reader, far_writer, doomed))
        back = asyncio.create_task(self._pass_back(far_reader, writer, doomed))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            for side in (writer, far_writer):
                # Not a farewell: the line is dead.
                side.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.path is not None:
            return await asyncio.open_unix_connection(self.path)
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                if any(mark in data for mark in self.marks):
                    self.marked += 1
                    if self.cuts_left and self.marked % self.every == 0:
                        self.cuts_left -= 1
                        doomed.set()
                writer.write(data)
                await writer.drain()

    async def _pass_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK_BYTES):
                if doomed.is_set():
                    # The other side has done its work and answered; this is as far as the answer comes.
                    self.cut += 1
                    return
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def open_wire(wire: Wire) -> AsyncGenerator[int]:
    """Listen, and give the port."""
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
