"""The request head, in whatever pieces it comes."""

from itertools import pairwise

import pytest
from clients import NONCE, request
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.contract import UpgradeRequest
from feed.server.head import BadRequest, HeadReader

LIMIT = 16 * 1024
HEAD = request(
    "/market/ws?key=a%20b&key=second&empty=",
    Sec_WebSocket_Protocol="one, authorization#two.three",
    X_Number="7",
)


def read(data, *, limit=LIMIT):
    return HeadReader(limit).feed(data)


def outcome(data):
    """The head, or the status of the answer in its place."""
    try:
        return read(data), None
    except BadRequest as problem:
        return None, problem.status


def handed_on(head):
    """What whoever serves HTTP finds in the parser: the request, once, and what came after its head."""
    if head is None or head.parser is None:
        return None
    request = head.parser.next_event()
    return request, head.parser.trailing_data, head.parser.their_state


@given(st.lists(st.integers(0, len(HEAD)), max_size=20))
def test_any_split_gives_the_same_head(cuts):
    """Only the last piece completes it, and it is the head of one piece."""
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(HEAD)}), len(HEAD)]
    reader = HeadReader(LIMIT)
    *early, last = [reader.feed(HEAD[start:end]) for start, end in pairwise(edges)]
    assert early == [None] * len(early)
    assert last == read(HEAD)


GOOD = [
    b"Host: feed.test",
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: " + NONCE.encode(),
]
ODD = [
    b"host:\t other.test",
    b"upgrade: h2c, WebSocket",
    b"Connection: keep-alive, upgrade",
    b"Sec-WebSocket-Version: 8",
    b"Sec-WebSocket-Key: bm9uY2U=",
    b"Sec-WebSocket-Protocol: one,two , three",
    b"Sec-WebSocket-Protocol: caf\xc3\xa9",
    b"Content-Length: 0",
    b"Content-Length: 00x",
    b"Transfer-Encoding: chunked",
    b"X-Space: \t ",
    b"X-Space:a b ",
    b"X-Empty:",
    b"X-Zero: a\0b",
    b"X Name: x",
    b" folded",
    b"no colon",
    b"",
]
LINES = [
    b"GET / HTTP/1.1",
    b"GET /a?b=c&b=d HTTP/1.1",
    b"GET http://[ HTTP/1.1",
    b"GET / HTTP/1.0",
    b"POST / HTTP/1.1",
]


@given(
    st.sampled_from(LINES),
    st.lists(st.sampled_from(GOOD + ODD), max_size=10)
    | st.lists(st.sampled_from(ODD), max_size=2).flatmap(lambda odd: st.permutations(GOOD + odd)),
    st.sampled_from([b"\r\n", b"\r\n", b"\n"]),
    st.sampled_from([b"", b"", b"early"]),
)
def test_a_head_in_one_piece_is_read_as_in_two(line, fields, end, rest):
    """What is seen at a glance is what h11 sees, to the letter; and it is h11 that sees what is wrong."""
    data = end.join([line, *fields, b"", rest])
    reader = HeadReader(LIMIT)
    try:
        assert reader.feed(data[:1]) is None
        slowly = reader.feed(data[1:]), None
    except BadRequest as problem:
        slowly = None, problem.status
    assert outcome(data) == slowly
    assert handed_on(outcome(data)[0]) == handed_on(slowly[0])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_the_beginning_of_one_or_a_bad_request(data):
    """Nothing else can come of what a stranger sends."""
    head, status = outcome(data)
    assert status in {None, 400, 405, 426, 431}
    assert status or head is None or head.opening.path


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60))
def test_any_target_is_a_path_or_a_bad_request(target):
    """Not every run of characters is a URL."""
    head, status = outcome(request(target))
    assert status == 400 or head.upgrade


def test_a_dialect_sees_the_request():
    """Path, query, headers in lower case, subprotocols in the client's order."""
    assert read(HEAD).opening == UpgradeRequest(
        path="/market/ws",
        query={"key": "a b", "empty": ""},
        headers={
            "host": "localhost",
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec-websocket-key": NONCE,
            "sec-websocket-version": "13",
            "sec-websocket-protocol": "one, authorization#two.three",
            "x-number": "7",
        },
        subprotocols=("one", "authorization#two.three"),
    )


def test_a_handshake_has_a_nonce():
    """As the client sent it: the answer is computed from it."""
    assert (read(HEAD).upgrade, read(HEAD).nonce) == (True, NONCE)


def test_a_plain_request_asks_for_no_upgrade():
    """Whatever its method and its body."""
    head = read(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
    assert (head.upgrade, head.nonce, head.opening.path) == (False, "", "/x")


def test_the_target_of_a_proxy_is_understood():
    """An absolute URL means its path."""
    assert read(request("http://feed.test:80/ws?a=1")).opening.path == "/ws"
    assert read(request("http://feed.test")).opening.path == "/"


@pytest.mark.parametrize(("spare", "status"), [(0, None), (-1, 431)])
def test_the_limit_is_met_to_the_byte(spare, status):
    """A head as long as the limit is read, one byte more is not."""
    reader = HeadReader(len(HEAD) + spare)
    if status is None:
        assert reader.feed(HEAD).upgrade
    else:
        with pytest.raises(BadRequest) as refused:
            reader.feed(HEAD)
        assert refused.value.status == status


def test_a_body_does_not_count_as_head():
    """What follows a plain request is somebody else's business."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    assert not read(head + bytes(5000), limit=1024).upgrade


def test_whoever_serves_http_goes_on_with_the_same_parser():
    """The request is there once more; a client that waits to send its body is told so after it."""
    parser = read(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").parser
    assert not parser.they_are_waiting_for_100_continue
    assert parser.next_event().target == b"/x"
    assert parser.they_are_waiting_for_100_continue
    parser.receive_data(b"{}")
    assert parser.next_event().data == b"{}"
