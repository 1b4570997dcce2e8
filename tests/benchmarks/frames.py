"""Frames of WebSockets, as a client that keeps every byte reads and writes them."""

import base64
import struct

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
NONCE = base64.b64encode(bytes(16)).decode()


def handshake(path, subprotocol=None):
    """The request that opens a connection."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {NONCE}",
    ]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode()


def masked(opcode, payload):
    """A frame of a client, with a mask of zeros."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else bytes((0x80 | 126,)) + struct.pack("!H", size)
    return bytes((0x80 | opcode,)) + length + bytes(4) + payload


class FrameReader:
    """Takes bytes as they come, gives whole frames; half a frame at the end is as if it was never sent."""

    def __init__(self):
        self._buffer = b""

    def take(self, data):
        """The frames that are whole now: opcode and payload."""
        buffer, at, found = self._buffer + data, 0, []
        while len(buffer) >= at + 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif size == 127:
                size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + size:
                break
            found.append((buffer[at] & 0xF, buffer[start : start + size]))
            at = start + size
        self._buffer = buffer[at:]
        return found
