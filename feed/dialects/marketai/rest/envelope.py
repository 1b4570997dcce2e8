"""What every answer of Market.ai's REST has in common: envelope, key, wording of refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, Literal, TypeVar

import msgspec

from feed.dialects.access import Access, Problem, Shape
from feed.dialects.marketai import channels
from feed.dialects.marketai.admission import limits
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.times import milliseconds
from feed.model.grants import Grant
from feed.settings import Settings

GROUP: Final = "Market.ai"
PREFIX: Final = "/marketai/api/v1"
UNKNOWN: Final = {404: "No such symbol."}

_SECONDS_PER_DAY: Final = 86_400
_CODES: Final = {"bad_request": "invalid_request", "rate_limit_exceeded": "rate_limited"}

Data = TypeVar("Data")


class Meta(Shape):
    """
    About an answer.

    Attributes:
        timestamp: Market time at which it was so, milliseconds since the Unix epoch.
    """

    timestamp: int


class Envelope(Shape, Generic[Data]):
    """
    An answer.

    Attributes:
        ok: Always.
        data: What was asked for.
        meta: About it.
    """

    ok: Literal[True]
    data: Data
    meta: Meta


class Reason(Shape):
    """
    Why a request was refused.

    Attributes:
        code: A fixed word, for programs.
        message: One sentence, for people.
        retry_after: Seconds until another request is welcome; only when there were too many.
    """

    code: str
    message: str
    retry_after: int | msgspec.UnsetType = msgspec.UNSET


class Refused(Shape):
    """
    A request that was refused.

    Attributes:
        ok: Never.
        error: Why.
    """

    ok: Literal[False]
    error: Reason


def worded(problem: Problem) -> Refused:
    """A refusal; as published, it does not say why a key was not accepted."""
    retry = problem.headers.get("Retry-After")
    return Refused(
        ok=False,
        error=Reason(
            code=_CODES.get(problem.code, problem.code),
            message="Authentication required" if problem.status == 401 else problem.message,
            retry_after=msgspec.UNSET if retry is None else int(retry),
        ),
    )


def requests_per_day(grant: Grant, settings: Settings) -> int:
    """What the tier of a key may send; where that is any number, what the bound on a second leaves."""
    most = limits(grant, settings.policies.marketai).requests_per_day
    return most or settings.web.requests_per_second * _SECONDS_PER_DAY


OPEN: Final = Access(wording=worded, wording_type=Refused)
KEY: Final = Access(
    name="marketaiKey",
    header="Authorization",
    prefix="Bearer ",
    dialect=channels.NAME,
    needed=True,
    wording=worded,
    wording_type=Refused,
    per_day=requests_per_day,
)


def enveloped(
    handle: Callable[[RestContext, Call], object],
) -> Callable[[RestContext, Call], Envelope[object]]:
    """Put what ``handle`` answers into an envelope."""

    def answer(context: RestContext, call: Call) -> Envelope[object]:
        data = handle(context, call)
        return Envelope(ok=True, data=data, meta=Meta(timestamp=milliseconds(context.market_state.now)))

    return answer


def answered(
    path: str,
    summary: str,
    handle: Callable[[RestContext, Call], object],
    returns: object,
    *parameters: Parameter,
) -> Endpoint[RestContext]:
    """
    What any key may ask for by ``GET``, answered in an envelope.

    Args:
        path: Below :data:`PREFIX`.
        summary: One line for people.
        handle: Gives what goes into the envelope.
        returns: Type of the whole answer.
        parameters: Of the query.
    """
    return Endpoint(
        path=PREFIX + path,
        summary=summary,
        handle=enveloped(handle),
        access=KEY,
        parameters=parameters,
        returns=returns,
        refusals=UNKNOWN if any(one.name == "symbol" for one in parameters) else {},
        group=GROUP,
    )
