"""What one connection may do for accounts: by the tokens that its messages show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast

from feed.dialects.access import Problem
from feed.dialects.contract import Action, Reply, SessionContext, Submit
from feed.dialects.execution import Execution
from feed.dialects.kraken.account.tokens import grant_of
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import TEMPORARY_LOCKOUT, UNAVAILABLE
from feed.dialects.kraken.private.answers import Answer, Answers, worded
from feed.dialects.kraken.private.channels import Begun, PrivateChannels
from feed.dialects.kraken.private.requests import Operation, PrivateSubscription
from feed.dialects.kraken.private.trading import ask
from feed.dialects.kraken.streams.refusals import INVALID_SESSION, NO_PERMISSION, Refused
from feed.model.events import Event
from feed.model.grants import Grant, Scope

Say = Callable[[Answer], Reply]
"""Makes the message of an answer."""


class PrivateSession:
    """
    The private part of one connection.

    A token by which a channel is listened to stays good on the connection for as long as it is.

    Args:
        context: What the session may ask of the server.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context: Final = context
        self._kept: Final[dict[str, tuple[str, Grant]]] = {}  # token and what it allows, by channel

    def begin(self, request: PrivateSubscription) -> Begun:
        """
        Listen to a channel.

        Raises:
            Refused: The token is not good, or its key may not.
        """
        grant = self._grant(request.token, Scope.READ)
        self._kept[request.channel] = request.token, grant
        return PrivateChannels(self._context).begin(request, grant)

    def admit(self, channel: str, token: str) -> None:
        """
        Let a channel be listened to that is of no account, but not for everybody.

        Raises:
            Refused: The token is not good, or its key may not.
        """
        self._kept[channel] = token, self._grant(token, Scope.READ)

    def end(self, request: PrivateSubscription) -> None:
        """
        Cease to listen to a channel.

        Raises:
            Refused: The token is not good.
        """
        self._grant(request.token, Scope.READ)
        self.forget(request.channel)

    def forget(self, channel: str) -> None:
        """Take it that a channel is listened to no more."""
        self._kept.pop(channel, None)

    def operate(self, request: Operation, say: Say) -> Sequence[Action]:
        """
        Answer a request for an account, or let the market do first what is asked for.

        Args:
            request: It.
            say: Makes the message of an answer to it.

        Raises:
            Refused: It is none, as it stands, or the token is not good.
        """
        grant = self._grant(request.token, Scope.TRADE)
        try:
            asked = ask(AccountView.of_session(self._context, grant), request)
        except Problem as problem:
            return [say(_failed(problem))]
        if not isinstance(asked, Execution):
            return [say(answer) for answer in asked]
        return [_submitted(asked, say)]

    def _grant(self, token: str, scope: Scope) -> Grant:
        kept = (grant for known, grant in self._kept.values() if known == token)
        grant = grant_of(token, self._context) or next(kept, None)
        disruption = self._context.disruption()
        if disruption.ban_seconds:
            raise Refused(TEMPORARY_LOCKOUT)
        if disruption.maintenance:
            raise Refused(UNAVAILABLE)
        if grant is None:
            raise Refused(INVALID_SESSION)
        if not grant.allows(scope):
            raise Refused(NO_PERMISSION)
        return grant


def _submitted(asked: Execution, say: Say) -> Submit:
    def answer(events: Sequence[Event]) -> Sequence[Action]:
        try:
            answers = asked.answer(events)
        except Problem as problem:
            return [say(_failed(problem))]
        return [say(one) for one in cast("Answers", answers)]

    return Submit(asked.request, say(Answer(error=UNAVAILABLE)).text, answer)


def _failed(problem: Problem) -> Answer:
    return Answer(error=worded(problem))
