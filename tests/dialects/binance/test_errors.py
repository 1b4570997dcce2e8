"""The exchange's errors."""

import msgspec
import pytest

from feed.dialects.access import Problem
from feed.dialects.binance import errors

TEMPLATES = {name: one for name, one in vars(errors).items() if isinstance(one, errors.Template)}


def test_an_error_is_a_code_and_a_message():
    """As the exchange writes it, and with what it names in quotes."""
    problem = errors.MISSING.error("symbol")
    assert (problem.status, problem.number) == (400, -1102)
    assert msgspec.json.encode(errors.worded(problem)) == (
        b'{"code":-1102,"msg":"Mandatory parameter \'symbol\' was not sent, was empty/null, or malformed."}'
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_row_of_the_table_can_be_told(name):
    """With as many values as it names; codes are below 0 but for one, statuses those of refusals."""
    template = TEMPLATES[name]
    problem = template.error(*("x" for _ in range(template.text.count("{}"))))
    assert "{" not in problem.message
    assert problem.number < -999 or template is errors.MAINTENANCE
    assert 400 <= problem.status < 600


@pytest.mark.parametrize(
    ("code", "number"), [("rate_limit_exceeded", -1003), ("unauthorized", -2015), ("too_large", -1100)]
)
def test_what_the_server_refuses_is_told_in_the_same_style(code, number):
    """Before the protocol is asked at all."""
    assert errors.worded(Problem(400, code, "No")) == errors.ErrorBody(code=number, msg="No")


@pytest.mark.parametrize(
    ("code", "row"),
    [("internal", errors.UNKNOWN), ("timeout", errors.TIMEOUT), ("unavailable", errors.SERVER_BUSY)],
)
def test_what_the_server_says_of_itself_is_told_in_the_exchanges_words(code, row):
    """Where it has some."""
    assert errors.worded(Problem(503, code, "No")) == row.error().body
