"""
What a connection stands on: bytes in, bytes out without waiting, and a way to wait for either.

The fan-out writes to thousands of connections in one step and must never wait for one of them;
Trio's streams only offer to wait. So the server asks for this instead: a socket fulfils it, and so
does the in-memory pair of the tests.
"""

from __future__ import annotations

from typing import Protocol


class Transport(Protocol):
    """
    One byte stream.

    Attributes:
        peer: Address of the other end, without the port; connections are counted by it.
        local: Address of this end, without the port.
    """

    peer: str
    local: str

    def send(self, data: bytes | memoryview) -> int:
        """Hand over what is taken at once; ``BlockingIOError`` when nothing is."""
        ...

    async def receive(self) -> bytes:
        """The next bytes, empty at the end. ``OSError`` or a Trio resource error when it is broken."""
        ...

    async def writable(self) -> None:
        """Wait until :meth:`send` would take something."""
        ...

    def finish(self) -> None:
        """Say that nothing more will be sent; the other end can still be heard."""
        ...

    def close(self) -> None:
        """Drop the connection; whoever waits on it is woken with an error."""
        ...

    def reset(self) -> None:
        """Drop the connection so that the other end sees an error: what is on the way is lost."""
        ...
