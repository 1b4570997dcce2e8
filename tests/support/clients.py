"""A WebSocket client of few words: it does what a test tells it, frame by frame, and nothing else."""

import base64
import json
import struct
import zlib

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
CONTINUATION = 0x0
RSV1 = 0x40  # the message is compressed
FLUSHED = b"\0\0\xff\xff"
KEY = "tk_live_a1b2c3d4e5f6"
NONCE = base64.b64encode(bytes(16)).decode()


class Closed(Exception):
    """The server closed: with a close frame, or without one (code 0)."""

    def __init__(self, code, reason=""):
        self.code = code
        self.reason = reason
        super().__init__(code, reason)


def deflated(data):
    """The payload of a compressed message, as a client makes one."""
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(FLUSHED)


def inflated(payload):
    """What such a payload says."""
    return zlib.decompressobj(-15).decompress(payload + FLUSHED)


def request(path="/", *, method="GET", version="HTTP/1.1", leave_out=(), **headers):
    """A request head that asks for a WebSocket; keywords replace or add headers."""
    fields = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": NONCE,
        "Sec-WebSocket-Version": "13",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} {version}"]
    lines += [f"{name}: {value}" for name, value in fields.items() if name not in leave_out]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def frame(opcode, payload=b"", *, fin=True):
    """One frame as a client sends it: masked, with a mask of zeros."""
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 1 << 16:
        length = bytes((0x80 | 126,)) + struct.pack("!H", size)
    else:
        length = bytes((0x80 | 127,)) + struct.pack("!Q", size)
    return bytes(((0x80 if fin else 0) | opcode,)) + length + bytes(4) + payload


class Client:
    """
    One client on a stream.

    Attributes:
        stream: What it talks over.
        data: Every text frame received so far, as it stood on the wire.
        pings: How many pings it has seen.
        polite: Whether it answers pings and close frames.
    """

    def __init__(self, stream, *, polite=True):
        self.stream = stream
        self.polite = polite
        self.data = bytearray()
        self.pings = 0
        self._buffer = bytearray()

    async def send_bytes(self, data):
        await self.stream.send_all(data)

    async def send(self, message):
        """Send an object as JSON, or a text as it stands."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self.send_bytes(frame(TEXT, text.encode()))

    async def upgrade(self, path="/", **headers):
        """Shake hands; the answer's head."""
        await self.send_bytes(request(path, **headers))
        return await self.head()

    async def head(self):
        """The head of an HTTP answer: status and headers."""
        while b"\r\n\r\n" not in self._buffer:
            if not await self._more():
                raise Closed(0)
        at = self._buffer.index(b"\r\n\r\n") + 4
        lines = self._buffer[:at].decode("latin-1").split("\r\n")
        del self._buffer[:at]
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value for name, value in headers.items()}

    async def answer(self):
        """A whole HTTP answer, to the end of the connection: status, headers, JSON body."""
        status, headers = await self.head()
        while await self._more():
            pass
        assert len(self._buffer) == int(headers["content-length"])
        return status, headers, json.loads(self._buffer)

    async def frame(self):
        """The next frame: opcode and payload. :class:`Closed` at the end of the stream."""
        while (whole := self._whole()) is None:
            if not await self._more():
                raise Closed(0)
        opcode, start, end = whole
        raw = bytes(self._buffer[:end])
        del self._buffer[:end]
        if opcode == TEXT:
            self.data += raw
        payload = raw[start:]
        return opcode, inflated(payload) if raw[0] & RSV1 else payload

    async def text(self):
        """The next text message. Answers what comes before it; :class:`Closed` on a close frame."""
        while True:
            opcode, payload = await self.frame()
            if opcode == TEXT:
                return payload.decode()
            if opcode == PING:
                self.pings += 1
                if self.polite:
                    await self.send_bytes(frame(PONG, payload))
            elif opcode == CLOSE:
                if self.polite:
                    await self.send_bytes(frame(CLOSE, payload))
                raise Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())

    async def message(self):
        """The next message, from JSON."""
        return json.loads(await self.text())

    async def messages(self, count):
        return [await self.message() for _ in range(count)]

    async def rest(self):
        """Every message up to the end, and how it ended: messages, close code, reason."""
        messages = []
        while True:
            try:
                messages.append(await self.message())
            except Closed as closed:
                return messages, closed.code, closed.reason

    async def at_end(self):
        """Whether the connection ends in order, with nothing more to read."""
        return not self._buffer and not await self._more()

    async def _more(self):
        data = await self.stream.receive_some()
        self._buffer += data
        return bool(data)

    def _whole(self):
        """Opcode, start and end of the frame that the buffer begins with; None when it is not whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        start = {126: 4, 127: 10}.get(buffer[1], 2)
        if len(buffer) < start:
            return None
        size = buffer[1] if start == 2 else int.from_bytes(buffer[2:start], "big")
        end = start + size
        return None if len(buffer) < end else (buffer[0] & 0x0F, start, end)
