"""``picows`` on uvloop: one ``send`` per connection and tick, from a payload made once."""

import asyncio

import ticks
import uvloop
from picows import WSListener, WSMsgType, ws_create_server


async def main() -> None:
    clients, complete = set(), asyncio.Event()

    class Client(WSListener):
        def on_ws_connected(self, transport) -> None:
            clients.add(transport)
            if len(clients) == ticks.CONNECTIONS:
                complete.set()

        def on_ws_frame(self, transport, frame) -> None:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close()
                transport.disconnect()

        def on_ws_disconnected(self, transport) -> None:
            clients.discard(transport)

    await ws_create_server(lambda _request: Client(), ticks.HOST, ticks.PORT, backlog=ticks.BACKLOG)
    await complete.wait()
    await asyncio.sleep(ticks.SETTLE_SECONDS)
    source = ticks.Ticks()
    while clients:
        for text in source.due():
            payload = text.encode()
            for transport in clients:
                transport.send(WSMsgType.TEXT, payload)
        await asyncio.sleep(source.seconds_left())


uvloop.run(main())
