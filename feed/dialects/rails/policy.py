"""What the operator decides where the document of Rails leaves it open: ``[policies.rails]``."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge


@attrs.frozen(kw_only=True)
class RailsPolicy:
    """
    What Rails' document leaves open, and the limits that its pages name.

    Attributes:
        echo_subprotocol: Answer the handshake with the subprotocol that carried the token, as
            browsers and Node want it.
        strict_expiry: Close a connection with 4401 when its token expires; else it stays open.
        connections: Open at once from one account of tier free or basic; past it HTTP 403.
        connections_per_minute: New ones from such an account; past it HTTP 429.
        maker_connections: Open at once from one account of tier pro or max.
        maker_connections_per_minute: New ones from such an account.
        orders_per_minute: Order requests of one account, all its connections together; past it 429.
        messages_per_second: Of any kind on one connection, in place of the server's own bound.
    """

    echo_subprotocol: bool = True
    strict_expiry: bool = False
    connections: int = attrs.field(default=5, validator=ge(1))
    connections_per_minute: int = attrs.field(default=20, validator=ge(1))
    maker_connections: int = attrs.field(default=50, validator=ge(1))
    maker_connections_per_minute: int = attrs.field(default=60, validator=ge(1))
    orders_per_minute: int = attrs.field(default=10_000, validator=ge(1))
    messages_per_second: int = attrs.field(default=1000, validator=ge(1))


POLICY: Final = RailsPolicy()
