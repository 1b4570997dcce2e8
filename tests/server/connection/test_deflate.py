"""permessage-deflate, on the server's side: which offers are met, and how a client's messages are read."""

import pytest
from clients import CONTINUATION, PING, RSV1, TEXT, deflated, frame
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import CloseConnection, Ping, TextMessage

from feed.server.connection.deflate import agree
from feed.server.connection.upgrade import Upgraded

AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ("", ""),
        ("permessage-deflate", AGREED),
        ("permessage-deflate; client_max_window_bits", AGREED),  # browsers, ``websockets``, Node's ws
        ("permessage-deflate; client_max_window_bits=10; client_no_context_takeover", AGREED),
        ('permessage-deflate; client_max_window_bits="10"', AGREED),
        ("permessage-deflate; server_max_window_bits=15", f"{AGREED}; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=10", ""),  # a smaller window of ours is declined
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", AGREED),
        ("permessage-deflate; server_max_window_bits", ""),
        ("permessage-deflate; client_max_window_bits=7", ""),
        ("permessage-deflate; client_max_window_bits=16", ""),
        ("permessage-deflate; server_no_context_takeover=1", ""),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""),
        ("permessage-deflate; what_else", ""),
        ("x-webkit-deflate-frame", ""),
        ("permessage-bzip2, permessage-deflate; server_no_context_takeover", AGREED),
    ],
)
def test_an_offer_is_met_or_declined(offers, answer):
    """The first that can be met; without one nothing is compressed (RFC 7692, section 7.1)."""
    assert agree(offers) == answer


def opened(most=1000):
    """A server that has agreed to compression."""
    return Upgraded(deflated=True, message_bytes=most)


def said(server, data, size):
    """What comes of ``data``, handed over in pieces of ``size`` bytes."""
    events = []
    for at in range(0, len(data), size):
        server.receive_data(data[at : at + size])
        events += server.events()
    return events


def text(events):
    return "".join(item.data for item in events if isinstance(item, TextMessage))


@given(st.text(max_size=200), st.integers(1, 50), st.integers(1, 50))
def test_messages_are_read_however_they_are_cut(message, size, cut):
    """In fragments, in pieces of any size, pings in between, plain ones beside them."""
    server, packed = opened(), deflated(message.encode())
    fragments = [packed[at : at + cut] for at in range(0, len(packed), cut)]
    first = len(fragments) == 1
    data = frame(TEXT | RSV1, fragments[0], fin=first)
    for n, fragment in enumerate(fragments[1:], 2):
        data += frame(PING, b"now") + frame(CONTINUATION, fragment, fin=n == len(fragments))
    plain = frame(TEXT, b"plain")
    events = said(server, data + plain + data, size)
    assert text(events) == message + "plain" + message
    assert events.count(Ping(b"now")) == 2 * (len(fragments) - 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT | RSV1, deflated(b"a" * 1001)), 1009),
        (frame(TEXT | RSV1, deflated(bytes(50_000_000))[:900], fin=False), 1009),  # 900 bytes, 0.9 MB
        (frame(TEXT | RSV1, b"\xff" * 20), 1002),
        (frame(TEXT | RSV1, deflated(b"\xff" * 20)), 1007),
        (frame(PING | RSV1, b""), 1002),
        (frame(TEXT, b"a", fin=False) + frame(CONTINUATION | RSV1, b"b"), 1002),
        (frame(TEXT | 0x20, b"a"), 1002),
    ],
)
def test_what_is_wrong_ends_the_connection(data, code):
    """Too much of it too, before it is all there."""
    [end] = [item for item in said(opened(), data, 100) if isinstance(item, CloseConnection)]
    assert end.code == code


def test_a_message_of_the_greatest_length_is_read():
    """The bound counts what it comes to, not what came."""
    assert text(said(opened(), frame(TEXT | RSV1, deflated(b"a" * 1000)), 10**6)) == "a" * 1000
