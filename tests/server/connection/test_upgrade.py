"""The opening handshake behind the parsed request: what wsproto would say, without its parser."""

import ast
import inspect
import textwrap
from importlib.metadata import version

import pytest
import trio_websocket
from clients import NONCE, request
from trio_websocket import WebSocketConnection
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Ping, TextMessage

from feed.server.connection.upgrade import Upgraded, answer_to


def lines(answer):
    """The status line, and the header fields, whose order means nothing."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert rest == b""
    status, *fields = head.split(b"\r\n")
    return status.rstrip(), sorted(fields)


def test_the_libraries_are_those_that_were_read():
    """What is built on is not promised: another release, attribute, argument or task must be looked at."""
    assert version("trio-websocket").startswith("0.12.")
    assert version("wsproto").startswith("1.3.")
    # WSConnection's attributes are Upgraded's, but for the parser; and trio-websocket asks for no others.
    theirs, ours = vars(WSConnection(ConnectionType.SERVER)), vars(upgraded())
    assert set(theirs) - {"handshake"} == set(ours)
    assert asked_of("_wsproto", WebSocketConnection) <= {*dir(Upgraded), *ours}
    # How a connection begins, where trio-websocket parses the request itself, and answers it.
    begin = inspect.signature(WebSocketConnection).parameters
    assert list(begin)[:2] == ["stream", "ws_connection"]
    assert {"message_queue_size", "max_message_size"} <= set(begin)
    task = "nursery.start_soon(connection._reader_task)"
    assert task in inspect.getsource(trio_websocket.wrap_server_stream)
    assert list(inspect.signature(WebSocketConnection._reader_task).parameters) == ["self"]


def test_nobody_but_those_who_open_a_connection_asks_whether_it_is_open():
    """What trio-websocket notes when it answers a handshake itself, nothing that is used here looks at."""
    noted = {"_open_handshake", "_connection_proposal", "_path", "_subprotocol"}
    used = [
        WebSocketConnection._reader_task,
        WebSocketConnection._handle_message_event,
        WebSocketConnection._handle_ping_event,
        WebSocketConnection._handle_pong_event,
        WebSocketConnection._handle_close_connection_event,
        WebSocketConnection._abort_web_socket,
        WebSocketConnection._close_stream,
        WebSocketConnection._close_web_socket,
        WebSocketConnection._send,
        WebSocketConnection.aclose,
        WebSocketConnection._aclose,
        WebSocketConnection.get_message,
        WebSocketConnection.ping,
    ]
    assert not [method for method in used if noted & asked_of("self", method)]


def asked_of(attribute, of):
    """The names that a method, or those of a class, ask of one of its attributes, or of ``self``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(of)))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and getattr(node.value, "attr", getattr(node.value, "id", None)) == attribute
    }


def upgraded():
    return Upgraded(deflated=False, message_bytes=1000)


@pytest.mark.parametrize("subprotocol", [None, "two"])
def test_the_answer_is_the_one_of_wsproto(subprotocol):
    """To the same request, parsed by wsproto itself."""
    own = WSConnection(ConnectionType.SERVER)
    own.receive_data(request("/", Sec_WebSocket_Protocol="one, two"))
    accept = AcceptConnection(subprotocol=subprotocol)
    assert lines(answer_to(NONCE, subprotocol=subprotocol)) == lines(own.send(accept))


def test_the_answer_to_the_nonce_of_the_standard():
    """RFC 6455, section 1.3."""
    answer = answer_to("dGhlIHNhbXBsZSBub25jZQ==")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer


def test_the_answer_tells_of_what_was_agreed_to():
    """Of compression, as RFC 7692 has it, after the subprotocol."""
    answer = answer_to(NONCE, subprotocol="two", deflate="permessage-deflate; server_no_context_takeover")
    assert answer.split(b"\r\n")[4:] == [
        b"Sec-WebSocket-Protocol: two",
        b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
        b"",
        b"",
    ]


def test_frames_are_read_and_written():
    """Both ways, to the end."""
    server = upgraded()
    assert server.state is ConnectionState.OPEN
    server.receive_data(b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0")
    assert list(server.events()) == [TextMessage("hi"), Ping(b"")]
    assert server.send(Ping(b"x")) == b"\x89\x01x"
    assert server.send(CloseConnection(1000)) == b"\x88\x02\x03\xe8"
    assert server.state is ConnectionState.LOCAL_CLOSING


def test_nothing_is_heard_after_a_close_frame_of_ours_but_the_clients():
    """A ping could not be answered any more: wsproto refuses to, and the reader must not try."""
    server = upgraded()
    server.send(CloseConnection(1003))
    server.receive_data(b"\x89\x80\0\0\0\0\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xeb\x89\x80\0\0\0\0")
    assert list(server.events()) == [CloseConnection(1003, "")]
    assert server.state is ConnectionState.CLOSED
    assert list(server.events()) == []


def test_nothing_is_heard_after_the_clients_close_frame():
    """Not even what came in the same piece (RFC 6455, section 1.4)."""
    server = upgraded()
    server.receive_data(b"\x88\x82\0\0\0\0\x03\xe8\x89\x80\0\0\0\0")
    assert list(server.events()) == [CloseConnection(1000, "")]
    assert server.send(CloseConnection(1000)) == b"\x88\x02\x03\xe8"
    assert list(server.events()) == []
