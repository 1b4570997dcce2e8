"""
What entries of a log say of a server beside the market, by kind: the names of their data stand here.

Numbers of events (``seq``) say from which place of the stream on a change counts: the events up to there had
been published. Times are seconds since the Unix epoch, market times nanoseconds. Names of keys, their marks
and their accounts are recorded, never a key, nor the secret that goes with one.
"""

from __future__ import annotations

from typing import Final

NONCE: Final = "nonce"
"""``key`` (a mark), ``nonce``: see :mod:`feed.server.nonces`. Stands before the request that it came with."""

STREAM_KEY: Final = "stream-key"
"""``dialect``, ``key``, ``mark``, ``own``, ``until``, ``credentials``: see :mod:`feed.server.stream_keys`."""
STREAM_KEY_END: Final = "stream-key-end"
"""``key``."""

ALERT: Final = "alert"
"""``dialect``, ``owner``, ``name``, ``created``, ``price``, ``seq``, ``rest``, ``spec``: a new alert."""
ALERT_END: Final = "alert-end"
"""``dialect``, ``owner``, ``name``, ``seq``: it was removed."""
ALERTS_END: Final = "alerts-end"
"""``dialect``, ``owner``: all of a key, which is not good any more."""

WEBHOOK: Final = "webhook"
"""What :class:`feed.webhooks.queue.WebhookEndpoint` has, and ``topics``: a new webhook."""
WEBHOOK_END: Final = "webhook-end"
"""``id``."""
WEBHOOK_MESSAGE: Final = "webhook-message"
"""``id`` of the webhook, ``message``, ``seq``, ``body``: it waits for delivery."""
WEBHOOK_DONE: Final = "webhook-done"
"""``id``, ``message``, ``error``: delivered where that is empty, else given up."""

FAULT: Final = "fault"
"""``settings`` (as the request had them), ``until`` or null, ``lasts``, ``seq``: it was added."""
FAULTS_END: Final = "faults-end"
"""``names`` of those that were removed."""

KEYS: Final = "keys"
"""``keys``: ``name``, ``account`` and ``mark`` of each key of the keys file, where that has changed."""

PACE: Final = "pace"
"""How market time runs; its writer says more."""

ORIGINS: Final = "origins"
"""``[edge, number]`` or null for each request of the next entry, where some came from other servers."""
