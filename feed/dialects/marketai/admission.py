"""
Who may connect, and how much a tier may have.

Source: sections "Connection", "Authentication" and "Tier Limits" of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feed.dialects.contract import AdmissionResult, SessionContext
from feed.dialects.marketai.encode import refusal
from feed.dialects.marketai.policy import MarketAiPolicy, TierLimits
from feed.dialects.options import Options, options
from feed.errors import ClientError, ProtocolError
from feed.model.grants import Grant

CONNECTION_LIMIT: Final = "CONNECTION_LIMIT"
INVALID_OPTION: Final = "invalid_option"


class AdmissionRefused(ClientError):
    """
    No connection: an HTTP status, and the answer in place of one.

    Attributes:
        status: HTTP status.
        body: JSON text.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        self.status = status
        self.body = refusal(code, text)
        super().__init__(text)


def limits(grant: Grant, policy: MarketAiPolicy) -> TierLimits:
    """What the tier of a key allows."""
    found: TierLimits = getattr(policy, grant.tier.value)
    return found


def holder(grant: Grant) -> str:
    """By which name the connections of a key are counted."""
    return f"marketai key {grant.name}"


def asked(query: Mapping[str, str]) -> Options:
    """
    The connection options in a query.

    Raises:
        AdmissionRefused: 400, one has a wrong value, or is not offered here.
    """
    if "since" in query or "conflate" in query:
        # Most of what is told here is a look at the present, many times a second at most.
        raise AdmissionRefused(400, INVALID_OPTION, "since and conflate are not offered in this protocol")
    try:
        return options(query)
    except ProtocolError as problem:
        raise AdmissionRefused(400, INVALID_OPTION, problem.message) from None


def check(key: str, context: SessionContext) -> Grant:
    """
    The grant of a key.

    Raises:
        AdmissionRefused: 401, nobody knows the key.
    """
    grant = context.check_key(key)
    if grant is None:
        raise AdmissionRefused(401, "unauthorized", "Invalid API key")
    return grant


def enter(grant: Grant, context: SessionContext) -> None:
    """
    Count this connection in, until it ends.

    Raises:
        AdmissionRefused: 429, the tier has no room for another one.
    """
    policy = context.policies.marketai
    most = limits(grant, policy).connections
    match context.enter(holder(grant), most, policy.connections_per_minute):
        case AdmissionResult.TOO_MANY:
            raise AdmissionRefused(429, CONNECTION_LIMIT, f"Connection limit ({most}) reached for your tier.")
        case AdmissionResult.TOO_OFTEN:
            text = f"More than {policy.connections_per_minute} new connections in a minute"
            raise AdmissionRefused(429, "rate_limited", text)
