"""Requests on a connection of streams, and the exchange's words for those that are none."""

import json

import pytest

from feed.dialects.binance.streams.requests import (
    GetCombined,
    ListSubscriptions,
    Refused,
    SetCombined,
    Subscribe,
    Unsubscribe,
    decode,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            '{"method":"SUBSCRIBE","params":["a@trade","b@trade"],"id":1}',
            Subscribe(1, ("a@trade", "b@trade")),
        ),
        ('{"id":"x","params":["a","a"],"method":"UNSUBSCRIBE"}', Unsubscribe("x", ("a",))),
        ('{"method":"LIST_SUBSCRIPTIONS","id":null}', ListSubscriptions(None)),
        ('{"method":"LIST_SUBSCRIPTIONS","params":[],"id":-3}', ListSubscriptions(-3)),
        ('{"method":"SET_PROPERTY","params":["combined",true],"id":5}', SetCombined(5, value=True)),
        ('{"method":"GET_PROPERTY","params":["combined"],"id":2}', GetCombined(2)),
        (' {"method":"GET_PROPERTY","params":["combined"],"id":2,"more":{}} ', GetCombined(2)),
    ],
)
def test_request(text, found):
    """As published; further fields are passed over."""
    assert decode(text) == found


VARIANTS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"


@pytest.mark.parametrize(
    ("text", "code", "msg", "number"),
    [
        ('{"method":', 3, "Invalid JSON: expected value at line 1 column 11", ...),
        ('{"method":\n "x', 3, "Invalid JSON: expected value at line 2 column 4", ...),
        ("[1,x]", 3, "Invalid JSON: expected value at line 1 column 4", ...),
        ("[]", 2, "Invalid request: expected an object", ...),
        ("3", 2, "Invalid request: expected an object", ...),
        ("[" * 2000, 2, "Invalid request: too many parameters", ...),
        ('{"id":1}', 2, "Invalid request: missing field `method` at line 1 column 8", 1),
        (
            '{"method":"SUBSCRIB","id":1}',
            2,
            f"Invalid request: unknown variant `SUBSCRIB`, expected one of {VARIANTS} at line 1 column 28",
            1,
        ),
        *(
            (f'{{"method":"LIST_SUBSCRIPTIONS"{number}}}', 2, text, ...)
            for text in ["Invalid request: request ID must be an unsigned integer"]
            for number in [
                "",
                ',"id":1.5',
                ',"id":true',
                f',"id":"{"x" * 37}"',
                ',"id":[1]',
                f',"id":{2**64}',
            ]
        ),
        ('{"method":"GET_PROPERTY","id":1}', 2, "Invalid request: property name must be a string", 1),
        (
            '{"method":"GET_PROPERTY","params":[1],"id":1}',
            2,
            "Invalid request: property name must be a string",
            1,
        ),
        ('{"method":"GET_PROPERTY","params":["speed"],"id":1}', 0, "Unknown property", 1),
        ('{"method":"SET_PROPERTY","params":["speed",1],"id":1}', 0, "Unknown property", 1),
        (
            '{"method":"GET_PROPERTY","params":["combined",1],"id":1}',
            2,
            "Invalid request: too many parameters",
            1,
        ),
        (
            '{"method":"LIST_SUBSCRIPTIONS","params":["x"],"id":1}',
            2,
            "Invalid request: too many parameters",
            1,
        ),
        (
            '{"method":"SET_PROPERTY","params":["combined",1],"id":1}',
            1,
            "Invalid value type: expected Boolean",
            1,
        ),
        (
            '{"method":"SET_PROPERTY","params":["combined"],"id":1}',
            1,
            "Invalid value type: expected Boolean",
            1,
        ),
    ],
)
def test_refusal(text, code, msg, number):
    """Code, message, and the id where there is one that can be read."""
    with pytest.raises(Refused) as refused:
        decode(text)
    named = {} if number is ... else {"id": number}
    assert json.loads(refused.value.text) == {"error": {"code": code, "msg": msg}, **named}


@pytest.mark.parametrize(
    "params", ["", ',"params":[]', ',"params":"a@trade"', ',"params":[1]', ',"params":{}']
)
@pytest.mark.parametrize("method", ["SUBSCRIBE", "UNSUBSCRIBE"])
def test_a_subscription_names_streams(method, params):
    """A list of texts, and not an empty one."""
    with pytest.raises(Refused, match="Invalid request: ") as refused:
        decode(f'{{"method":"{method}"{params},"id":"a"}}')
    assert json.loads(refused.value.text)["id"] == "a"


def test_as_many_streams_as_a_connection_may_have_can_be_named_at_once():
    """1,024 in one message."""
    names = [f"{at}@trade" for at in range(1024)]
    assert decode(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1})) == Subscribe(1, tuple(names))
