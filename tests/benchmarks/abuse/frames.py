"""As much of WebSocket and HTTP as a client needs that wants to be quick, or rude."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator

TEXT, CLOSE, PING, PONG, CONTINUATION = 0x1, 0x8, 0x9, 0xA, 0x0
KEY = "tk_live_a1b2c3d4e5f6"  # of the published document; good on loopback


def connected(port: int, source: str) -> socket.socket:
    """A connection from ``source``, an address of 127.0.0.0/8."""
    return socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))


def request(path: str) -> bytes:
    """A handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """One frame as a client sends it: masked, with a mask of zeros."""
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 1 << 16:
        length = bytes((0x80 | 126,)) + struct.pack("!H", size)
    else:
        length = bytes((0x80 | 127,)) + struct.pack("!Q", size)
    return bytes(((0x80 if fin else 0) | opcode,)) + length + bytes(4) + payload


def text(message: object) -> bytes:
    """A JSON message as a frame."""
    return frame(TEXT, json.dumps(message, separators=(",", ":")).encode())


def frames(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Every whole frame of a server in ``buffer``: opcode and payload; they are taken out of it."""
    at = 0
    while len(buffer) >= at + 2:
        start = at + {126: 4, 127: 10}.get(buffer[at + 1], 2)
        if len(buffer) < start:
            break
        size = buffer[at + 1] if start == at + 2 else int.from_bytes(buffer[at + 2 : start], "big")
        if len(buffer) < start + size:
            break
        yield buffer[at] & 0x0F, bytes(buffer[start : start + size])
        at = start + size
    del buffer[:at]
