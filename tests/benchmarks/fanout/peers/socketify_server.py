"""``socketify``, which is uWebSockets: its own publish to a topic that every connection has."""

import asyncio

import ticks
from socketify import App, AppListenOptions, CompressOptions, OpCode

BACKLOG_BYTES = 64 * 1024 * 1024  # dropping what a client has not taken would flatter it

app = App()
clients = 0


async def publish() -> None:
    await asyncio.sleep(ticks.SETTLE_SECONDS)
    source = ticks.Ticks(most=4096)  # it gathers what is published between two turns of its loop
    while clients:
        for text in source.due():
            app.publish("ticks", text, OpCode.TEXT)
        await asyncio.sleep(source.seconds_left())


def opened(client) -> None:
    global clients  # noqa: PLW0603 - its callbacks are plain functions
    client.subscribe("ticks")
    clients += 1
    if clients == ticks.CONNECTIONS:
        app.loop.run_async(publish())


def closed(_client, _code, _message) -> None:
    global clients  # noqa: PLW0603 - as above
    clients -= 1


app.ws(
    "/",
    {
        "compression": CompressOptions.DISABLED,
        "idle_timeout": 120,
        "max_backpressure": BACKLOG_BYTES,
        "open": opened,
        "close": closed,
        "message": lambda _client, _message, _opcode: None,
    },
)
app.listen(AppListenOptions(port=ticks.PORT, host=ticks.HOST), lambda _config: None)
app.run()
