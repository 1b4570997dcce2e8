"""The opening handshake behind the parsed request: what wsproto would say, without its parser."""

import ast
import inspect
import textwrap
from importlib.metadata import version

import pytest
import trio_websocket
from clients import NONCE, request
from trio_websocket import WebSocketConnection, WebSocketRequest
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError

from feed.server.connection.upgrade import Upgrade


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
    # WSConnection's attributes are Upgrade's, but for the parser; and trio-websocket asks for no others.
    theirs, ours = vars(WSConnection(ConnectionType.SERVER)), vars(Upgrade(NONCE))
    assert set(theirs) - {"handshake"} == set(ours) - {"_nonce", "_deflate", "_message_bytes"}
    assert asked_of("_wsproto", WebSocketConnection) <= {*dir(Upgrade), *ours}
    # How a connection begins, where trio-websocket parses the request itself.
    begin = inspect.signature(WebSocketConnection).parameters
    assert list(begin)[:2] == ["stream", "ws_connection"]
    assert {"message_queue_size", "max_message_size"} <= set(begin)
    assert list(inspect.signature(WebSocketRequest).parameters) == ["connection", "event"]
    task = "nursery.start_soon(connection._reader_task)"
    assert task in inspect.getsource(trio_websocket.wrap_server_stream)
    assert list(inspect.signature(WebSocketConnection._reader_task).parameters) == ["self"]


def asked_of(attribute, of):
    """The names that the methods of a class ask of one of its attributes."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(of)))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == attribute
    }


@pytest.mark.parametrize("subprotocol", [None, "two"])
def test_the_answer_is_the_one_of_wsproto(subprotocol):
    """To the same request, parsed by wsproto itself."""
    own = WSConnection(ConnectionType.SERVER)
    own.receive_data(request("/", Sec_WebSocket_Protocol="one, two"))
    accept = AcceptConnection(subprotocol=subprotocol)
    answer = Upgrade(NONCE).send(accept)
    assert lines(answer) == lines(own.send(accept))


def test_the_answer_to_the_nonce_of_the_standard():
    """RFC 6455, section 1.3."""
    answer = Upgrade("dGhlIHNhbXBsZSBub25jZQ==").send(AcceptConnection())
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer


def test_frames_are_read_and_written_once_it_is_answered():
    """Both ways, to the end."""
    server = Upgrade(NONCE)
    assert server.state is ConnectionState.CONNECTING
    server.send(AcceptConnection())
    assert server.state is ConnectionState.OPEN
    server.receive_data(b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0")
    assert list(server.events()) == [TextMessage("hi"), Ping(b"")]
    assert server.send(Ping(b"x")) == b"\x89\x01x"
    assert server.send(CloseConnection(1000)) == b"\x88\x02\x03\xe8"
    assert server.state is ConnectionState.LOCAL_CLOSING


def test_nothing_goes_before_the_answer():
    """Neither way."""
    server = Upgrade(NONCE)
    with pytest.raises(LocalProtocolError):
        server.send(Ping())
    with pytest.raises(LocalProtocolError):
        server.receive_data(b"\x89\x80\0\0\0\0")
    with pytest.raises(LocalProtocolError):
        server.events()


def test_nothing_is_heard_after_a_close_frame_of_ours_but_the_clients():
    """A ping could not be answered any more: wsproto refuses to, and the reader must not try."""
    server = Upgrade(NONCE)
    server.send(AcceptConnection())
    server.send(CloseConnection(1003))
    server.receive_data(b"\x89\x80\0\0\0\0\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xeb\x89\x80\0\0\0\0")
    assert list(server.events()) == [CloseConnection(1003, "")]
    assert server.state is ConnectionState.CLOSED
    assert list(server.events()) == []


def test_nothing_is_heard_after_the_clients_close_frame():
    """Not even what came in the same piece (RFC 6455, section 1.4)."""
    server = Upgrade(NONCE)
    server.send(AcceptConnection())
    server.receive_data(b"\x88\x82\0\0\0\0\x03\xe8\x89\x80\0\0\0\0")
    assert list(server.events()) == [CloseConnection(1000, "")]
    assert server.send(CloseConnection(1000)) == b"\x88\x02\x03\xe8"
    assert list(server.events()) == []
