"""Who takes part: the product, the limit, and what one would pick instead."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs

from tests.benchmarks.fanout.build import HERE, Toolbox

OURS = "feed"
BEFORE = "feed, before"
LIMIT = "C, one send per delivery"
LIMIT_BATCHED = "C, all that is due in one send"


@attrs.frozen(kw_only=True)
class Contender:
    """
    A server that can be measured.

    Attributes:
        name: As it stands in the table.
        needs: Keys of :attr:`Toolbox.missing` that it cannot do without.
        program: File under ``peers/``, the name of a compiled program, or a module of ours.
        options: Its own arguments, after those that all servers share.
        speaks_tradyn: A client must authenticate and subscribe, as it would in production.
        checkout: Folder that its modules are taken from; None for this one.
    """

    name: str
    needs: tuple[str, ...] = ()
    program: str
    options: tuple[str, ...] = ()
    speaks_tradyn: bool = False
    checkout: Path | None = None

    def command(self, toolbox: Toolbox) -> list[str]:
        """The command line up to the arguments that all servers share."""
        if self.program.endswith(".py"):
            return [str(toolbox.python), str(HERE / "peers" / self.program)]
        if self.program.endswith(".js"):
            return ["node", str(HERE / "peers" / self.program)]
        if "." in self.program:
            return [sys.executable, "-m", self.program]
        return [str(toolbox.program(self.program))]


def _peer(name: str, program: str, *needs: str, options: tuple[str, ...] = ()) -> Contender:
    return Contender(name=name, program=program, needs=("gcc", *needs), options=options)


CONTENDERS = (
    Contender(name=OURS, program="tests.benchmarks.fanout.ours", needs=("gcc",), speaks_tradyn=True),
    _peer(LIMIT, "reference", options=("each",)),
    _peer(LIMIT_BATCHED, "reference", options=("all",)),
    _peer("picows, uvloop", "picows_uvloop.py", "picows", "uvloop"),
    _peer("websockets, asyncio", "websockets_asyncio.py", "websockets"),
    _peer("websockets, uvloop", "websockets_asyncio.py", "websockets", "uvloop", options=("uvloop",)),
    _peer("websockets, Trio", "websockets_trio.py", "websockets", "trio"),
    _peer("aiohttp", "aiohttp_server.py", "aiohttp"),
    _peer("aiohttp, uvloop", "aiohttp_server.py", "aiohttp", "uvloop", options=("uvloop",)),
    _peer("Starlette on uvicorn", "starlette_uvicorn.py", "starlette", "uvicorn", "websockets", "uvloop"),
    _peer("socketify (uWebSockets)", "socketify_server.py", "socketify"),
    _peer("Node ws", "ws_node.js", "node"),
    _peer("trio-websocket, naive", "trio_websocket_naive.py", "trio-websocket"),
)


def before(checkout: Path) -> Contender:
    """The product as it stands in another checkout, to be measured beside this one."""
    return attrs.evolve(CONTENDERS[0], name=BEFORE, checkout=checkout.resolve())


# Those that are measured at every size.
LEADERS = (OURS, BEFORE, LIMIT, LIMIT_BATCHED, "picows, uvloop", "socketify (uWebSockets)")
