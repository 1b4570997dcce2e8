"""
The exchange's errors: a code, its message, and the HTTP status that it travels with.

Source: "Error codes for Binance", https://github.com/binance/binance-spot-api-docs/blob/master/errors.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from feed.dialects.access import Problem, Shape


class ErrorBody(Shape):
    """
    A request that was refused.

    Attributes:
        code: The exchange's number for what is wrong; programs go by it.
        msg: One sentence; some clients go by its exact words.
    """

    code: int
    msg: str


class BinanceError(Problem):
    """
    A request that is refused, by the exchange's own code.

    Attributes:
        number: The code, below 0 but for maintenance.
    """

    def __init__(
        self, number: int, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        self.number = number
        super().__init__(status, str(number), message, headers)

    @property
    def body(self) -> ErrorBody:
        """As it stands in an answer."""
        return ErrorBody(code=self.number, msg=self.message)


@attrs.frozen
class Template:
    """
    One row of the table of errors.

    Attributes:
        number: The code.
        text: The message, with ``{}`` where the exchange names a parameter or a number.
        status: HTTP status.
    """

    number: int
    text: str
    status: int = 400

    def error(self, *values: object, headers: Mapping[str, str] | None = None) -> BinanceError:
        """The error, with ``values`` in its message."""
        return BinanceError(self.number, self.text.format(*values), self.status, headers)


# Not in the document, as it is not what answers, but what stands before it.
MAINTENANCE: Final = Template(1, "System is under maintenance.", 503)
UNKNOWN: Final = Template(-1000, "An unknown error occurred while processing the request.", 500)
DISCONNECTED: Final = Template(
    -1001, "Internal error; unable to process your request. Please try again.", 503
)
UNAUTHORIZED: Final = Template(-1002, "You are not authorized to execute this request.", 401)
TOO_MUCH_WEIGHT: Final = Template(
    -1003,
    "Too much request weight used; current limit is {} request weight per {}. Please use WebSocket Streams "
    "for live updates to avoid polling the API.",
    429,
)
TOO_MANY_REQUESTS: Final = Template(
    -1003,
    "Too many requests; current limit is {} requests per {}. Please use WebSocket Streams for live updates "
    "to avoid polling the API.",
    429,
)
BANNED: Final = Template(
    -1003,
    "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live updates to "
    "avoid bans.",
    418,
)
UNEXPECTED_RESPONSE: Final = Template(
    -1006, "An unexpected response was received from the message bus. Execution status unknown.", 503
)
TIMEOUT: Final = Template(
    -1007,
    "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    503,
)
SERVER_BUSY: Final = Template(
    -1008, "Server is currently overloaded with other requests. Please try again in a few minutes.", 503
)
FILTER_FAILURE: Final = Template(-1013, "Filter failure: {}")
INVALID_MESSAGE: Final = Template(-1013, "{}")
UNKNOWN_ORDER_COMPOSITION: Final = Template(-1014, "Unsupported order combination.")
TOO_MANY_ORDERS: Final = Template(-1015, "Too many new orders; current limit is {} orders per {}.", 429)
GONE: Final = Template(-1016, "This service is no longer available.", 410)
SHUTTING_DOWN: Final = Template(-1016, "This service is no longer available.", 503)
UNSUPPORTED: Final = Template(-1020, "This operation is not supported.")
OUTSIDE_WINDOW: Final = Template(-1021, "Timestamp for this request is outside of the recvWindow.")
AHEAD_OF_SERVER: Final = Template(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
BAD_SIGNATURE: Final = Template(-1022, "Signature for this request is not valid.")

ILLEGAL_CHARACTERS: Final = Template(
    -1100, "Illegal characters found in parameter '{}'; legal range is '{}'."
)
TOO_MANY_PARAMETERS: Final = Template(-1101, "Too many parameters; expected '{}' and received '{}'.")
DUPLICATE_PARAMETER: Final = Template(-1101, "Duplicate values for a parameter detected.")
MISSING: Final = Template(-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.")
MISSING_BOTH: Final = Template(-1102, "Param '{}' or '{}' must be sent, but both were empty/null!")
TOO_LARGE: Final = Template(-1102, "'{}' contains unexpected value. Cannot be greater than '{}'.")
UNKNOWN_PARAMETER: Final = Template(-1103, "An unknown parameter was sent.")
UNREAD_PARAMETERS: Final = Template(
    -1104, "Not all sent parameters were read; read '{}' parameter(s) but was sent '{}'."
)
EMPTY: Final = Template(-1105, "Parameter '{}' was empty.")
NOT_REQUIRED: Final = Template(-1106, "Parameter '{}' sent when not required.")
OVERFLOW: Final = Template(-1108, "Parameter '{}' overflowed.")
TOO_PRECISE: Final = Template(-1111, "Parameter '{}' has too much precision.")
NO_DEPTH: Final = Template(-1112, "No orders on book for symbol.")
TIME_IN_FORCE_NOT_REQUIRED: Final = Template(-1114, "TimeInForce parameter sent when not required.")
BAD_TIME_IN_FORCE: Final = Template(-1115, "Invalid timeInForce.")
BAD_ORDER_TYPE: Final = Template(-1116, "Invalid orderType.")
BAD_SIDE: Final = Template(-1117, "Invalid side.")
EMPTY_CLIENT_ORDER_ID: Final = Template(-1118, "New client order ID was empty.")
EMPTY_ORIGINAL_ORDER_ID: Final = Template(-1119, "Original client order ID was empty.")
BAD_INTERVAL: Final = Template(-1120, "Invalid interval.")
BAD_SYMBOL: Final = Template(-1121, "Invalid symbol.")
BAD_SYMBOL_STATUS: Final = Template(-1122, "Invalid symbolStatus.")
BAD_LISTEN_KEY: Final = Template(-1125, "This listenKey does not exist.")
TOO_MANY_HOURS: Final = Template(-1127, "More than {} hours between startTime and endTime.")
BAD_COMBINATION: Final = Template(-1128, "Combination of optional parameters invalid.")
INVALID: Final = Template(-1130, "Data sent for parameter '{}' is not valid.")
RECV_WINDOW_TOO_LARGE: Final = Template(-1131, "recvWindow must be less than 60000.")
BAD_STRATEGY: Final = Template(-1134, "strategyType was less than 1000000.")
INVALID_JSON: Final = Template(-1135, "Invalid JSON Request")
INVALID_JSON_PARAMETER: Final = Template(-1135, "JSON sent for parameter '{}' is not valid")
BAD_TICKER_TYPE: Final = Template(-1139, "Invalid ticker type.")
BAD_CANCEL_RESTRICTIONS: Final = Template(
    -1145, "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED."
)
DUPLICATE_SYMBOLS: Final = Template(-1151, "Symbol is present multiple times in the list.")
TOO_MANY_SUBSCRIPTIONS: Final = Template(
    -1191, "Too many subscriptions. Connection may create up to '{}' subscriptions at a time."
)
ALREADY_SUBSCRIBED: Final = Template(-1191, "Similar subscription is already active on this connection.")
BAD_TIME_UNIT: Final = Template(
    -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
)
OTHER_STATUS: Final = Template(-1220, "The symbol's status does not match the requested symbolStatus.")

ORDER_REJECTED: Final = Template(-2010, "{}")
CANCEL_REJECTED: Final = Template(-2011, "{}")
NO_SUCH_ORDER: Final = Template(-2013, "Order does not exist.")
BAD_KEY_FORMAT: Final = Template(-2014, "API-key format invalid.", 401)
REJECTED_KEY: Final = Template(-2015, "Invalid API-key, IP, or permissions for action.", 401)
NO_TRADING_WINDOW: Final = Template(
    -2016, "No trading window could be found for the symbol. Try ticker/24hrs instead."
)
CANCEL_REPLACE_PARTLY_FAILED: Final = Template(-2021, "Order cancel-replace partially failed.", 409)
CANCEL_REPLACE_FAILED: Final = Template(-2022, "Order cancel-replace failed.")
AMEND_REJECTED: Final = Template(-2038, "{}")
UNSUPPORTED_KEY: Final = Template(-4056, "{} API key is not supported.")

_CODES: Final = {
    "rate_limit_exceeded": -1003,
    "unauthorized": -2015,
    "forbidden": -1002,
    "not_found": -1020,
    "method_not_allowed": -1020,
}
"""Codes for what the server refuses before the protocol is asked; else -1100, for no such request can be."""
_TEMPLATES: Final = {"timeout": TIMEOUT, "unavailable": SERVER_BUSY, "internal": UNKNOWN}
"""Rows for what the server says of itself, for which the exchange has words."""


def worded(problem: Problem) -> ErrorBody:
    """Any refusal in the exchange's style."""
    if isinstance(problem, BinanceError):
        return problem.body
    template = _TEMPLATES.get(problem.code)
    if template is not None:
        return template.error().body
    return ErrorBody(code=_CODES.get(problem.code, -1100), msg=problem.message)
