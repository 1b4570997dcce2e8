"""Starlette on uvicorn and uvloop: one ``send_text`` per connection and tick. Option: uvicorn's ``ws``."""

import asyncio
import contextlib

import ticks
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

clients = set()
complete = asyncio.Event()


async def handle(client) -> None:
    await client.accept()
    clients.add(client)
    if len(clients) == ticks.CONNECTIONS:
        complete.set()
    try:
        while True:
            await client.receive_text()
    except WebSocketDisconnect:
        clients.discard(client)


async def publish() -> None:
    await complete.wait()
    await asyncio.sleep(ticks.SETTLE_SECONDS)
    source = ticks.Ticks()
    while clients:
        for text in source.due():
            for client in list(clients):
                try:
                    await client.send_text(text)
                except (WebSocketDisconnect, RuntimeError):  # it left while we were sending
                    clients.discard(client)
        await asyncio.sleep(source.seconds_left())


@contextlib.asynccontextmanager
async def lifespan(_app):
    task = asyncio.create_task(publish())
    yield
    task.cancel()


uvicorn.run(
    Starlette(routes=[WebSocketRoute("/", handle)], lifespan=lifespan),
    host=ticks.HOST,
    port=ticks.PORT,
    log_level="error",
    loop="uvloop",
    ws=ticks.OPTIONS[0] if ticks.OPTIONS else "auto",
    ws_per_message_deflate=False,
    backlog=ticks.BACKLOG,
)
