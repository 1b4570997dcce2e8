"""Any value of any parameter or body is what was declared, or the request is refused."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts import Script

from feed.dialects.access import Problem
from feed.dialects.json_body import decoded
from feed.server.http.app import all_endpoints
from feed.settings import Web

ENDPOINTS = all_endpoints(Script().listing, Web())
NUMBERS = [(endpoint, one) for endpoint in ENDPOINTS for one in endpoint.parameters if one.least is not None]
BODIES = [endpoint for endpoint in ENDPOINTS if endpoint.body is not None]
# Which int, float or Decimal would read, many of them.
ODD_TEXTS = (
    *("", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1.", ".5", "1e2", "1e400", "NaN", "Infinity", "-0"),
    *("1_0", "0x10", "1,5", "true", "null", "[]"),
    "\N{ARABIC-INDIC DIGIT ONE}",
    "\N{FULLWIDTH DIGIT ONE}",
    "\N{SUPERSCRIPT TWO}",
    "9" * 19,
    "9" * 5000,
    "\ud800",
)
ODD_BODIES = (
    *rb'|{|[|null|7|"x"|[]|NaN|1e400|"\ud800"|1e5000000'.split(b"|"),
    b"\xff",
    b"[" * 60_000,
    b'{"a":' * 30_000,
    b"9" * 5000,
)


def refused(read):
    """Whether reading a value is refused with 400, in one sentence of bounded length."""
    try:
        read()
    except Problem as problem:
        found = problem
    else:
        return False
    assert found.status == 400
    assert len(found.message) < 1000
    return True


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_what_is_no_whole_number_is_none(text):
    """Of every parameter of every endpoint that counts something."""
    for endpoint, one in NUMBERS:
        assert refused(lambda one=one: one.read({one.name: text})), (endpoint.path, one.name)


@given(st.text() | st.from_regex(r"[0-9]{1,25}", fullmatch=True), st.sampled_from(NUMBERS))
def test_a_number_is_read_exactly_or_not_at_all(text, found):
    """Digits alone, within its bounds."""
    _, one = found
    if not refused(lambda: one.read({one.name: text})):
        value = one.read({one.name: text})
        assert str(value) == (text.lstrip("0") or "0")
        assert value >= one.least
        assert one.most is None or value <= one.most


@pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: repr(body[:12]))
def test_what_is_no_body_is_refused(body):
    """Of every endpoint that takes one; nothing else is raised, however deep or long it is."""
    for endpoint in BODIES:
        assert refused(lambda endpoint=endpoint: decoded(body, endpoint.body)), endpoint.path


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner))


@given(st.data())
def test_any_value_of_any_field_is_of_its_type_or_refused(data):
    """Of every struct that a body may be: what is let in says, written again, what was declared."""
    endpoint = data.draw(st.sampled_from(BODIES))
    shape = data.draw(st.sampled_from(getattr(endpoint.body, "__args__", (endpoint.body,))))
    info = msgspec.inspect.type_info(shape)
    fields = {field.encode_name: data.draw(values) for field in info.fields}
    tag = {} if info.tag_field is None else {info.tag_field: info.tag}
    body = json.dumps({**fields, **tag}).encode()
    if not refused(lambda: decoded(body, endpoint.body)):
        said = decoded(body, endpoint.body)
        assert msgspec.json.decode(msgspec.json.encode(said), type=shape) == said
