"""A request that is refused, in the words of its protocol."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.responses import Response

from feed.dialects.access import Problem
from feed.dialects.rest import JSON


class Refusal(Response):
    """A problem, worded."""

    def __init__(self, problem: Problem, wording: Callable[[Problem], object]) -> None:
        content = msgspec.json.encode(wording(problem))
        super().__init__(content, problem.status, headers=dict(problem.headers), media_type=JSON)
