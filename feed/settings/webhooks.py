"""Bounds on what is pushed to URLs that clients name."""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt


@attrs.frozen(kw_only=True)
class Webhooks:
    """
    Messages that are pushed to URLs which clients name.

    Attributes:
        allow: Networks besides the public internet that they may go to, such as ``127.0.0.0/8``; plain HTTP
            is fine there.
        per_key: Webhooks of one key; past it HTTP 409.
        endpoints: Webhooks of all keys; past it HTTP 409.
        messages_per_key: Messages that wait for the webhooks of one key; past it new ones are dropped,
            which its owner can see.
        bytes_per_key: What they may take; the same.
        bytes: What those of all keys may take; the same.
        body_bytes: One message; a longer one is dropped.
        attempts: How often a message is tried; then it is given up.
        attempt_seconds: From the look-up of the name to the status of the answer.
        retry_seconds: Between the first attempt and the second, up to as much again added by chance;
            twice as long each further time.
        retry_most_seconds: The longest such wait, without what chance adds.
        concurrent: Attempts under way at a time, those included whose time is over in the look-up of a name.
    """

    allow: tuple[str, ...] = ()
    per_key: int = attrs.field(default=5, validator=ge(1))
    endpoints: int = attrs.field(default=1000, validator=ge(1))
    messages_per_key: int = attrs.field(default=1000, validator=ge(1))
    bytes_per_key: int = attrs.field(default=1024 * 1024, validator=ge(1024))
    bytes: int = attrs.field(default=64 * 1024 * 1024, validator=ge(1024))
    body_bytes: int = attrs.field(default=64 * 1024, validator=ge(1024))
    attempts: int = attrs.field(default=8, validator=ge(1))
    attempt_seconds: float = attrs.field(default=10.0, validator=gt(0))
    retry_seconds: float = attrs.field(default=5.0, validator=gt(0))
    retry_most_seconds: float = attrs.field(default=300.0, validator=gt(0))
    concurrent: int = attrs.field(default=16, validator=ge(1))
