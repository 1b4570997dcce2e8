"""Writes scenario files: a template for new ones, and the ``[expect]`` table of existing ones."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import attrs

from feed.model.scenario import Expect

_TEMPLATE: Final = '''\
# Try it:   feed replay {name}.toml --speed max
# Serve it: feed serve --scenario {name}.toml
format = 1
name = "{name}"
about = """
What it is for. What a good client does.
"""
seed = 1
start = 2024-03-06T14:30:00Z
duration = "1m"

[market]
base = "default"
count = 3        # its first instruments; or name some under [[market.instruments]]

# Participants of your own: a class in a module beside this file, see feed/agents/AGENTS.md.
# [[market.agents]]
# participant = "my_module:MyAgent"
# parameters = {{ size = 100 }}

# What happens, in market time from the start. The market's side: shock, volatility, activity,
# liquidity, imbalance, spread, large-order, fill, wall, premium, detach, halt, auction, resume, list, delist.
# Without instruments it concerns all.
[[timeline]]
at = "20s"
do = "shock"
instruments = ["EURUSD"]
fraction = -0.01

[[timeline]]
at = "30s"
do = "activity"
factor = 5
duration = "10s"

# The wire's side: disconnect, go-away, reset, mute, half-open, delay, bandwidth, drop, duplicate, reorder,
# broken-checksum, garbage, oversized, refuse-handshakes, expire-tokens, restart. Without an aim everyone is
# struck.
# Of requests: ban, clock-skew, maintenance; aim = {{ dialect = "..." }} says of which protocol.
[[timeline]]
at = "50s"
do = "disconnect"
code = 1012
aim = {{ fraction = 0.5 }}

# What a detector should notice: signals and times are compared by feed replay.
# [[truth]]
# signal = "price_level_break"
# instruments = ["EURUSD"]
# at = "20s"
# until = "25s"
'''


def new_scenario(name: str) -> str:
    """A template: a valid scenario with an example of each part."""
    return _TEMPLATE.format(name=name)


# The header of [expect] or of a table in it, then all lines up to the next header or its comment.
_EXPECT: Final = re.compile(
    r"(?:\n*^\[[ \t]*expect\b[^]\n]*\].*\n(?:(?!\s*[\[#]).*(?:\n|\Z))*)+", re.MULTILINE
)


def with_expectation(text: str, expect: Expect) -> str:
    """The text of a scenario file with a new ``[expect]`` table at its end; the rest is not changed."""
    fields = attrs.asdict(expect, filter=lambda _, value: value is not None)
    counts = fields.pop("counts", {})
    lines = ["[expect]", *(_line(key, value) for key, value in fields.items())]
    if counts:
        lines += ["", "[expect.counts]", *(_line(key, value) for key, value in counts.items() if value)]
    return _EXPECT.sub("\n", text).rstrip() + "\n\n" + "\n".join(lines) + "\n"


def scenario_digest(text: str) -> str:
    """SHA-256 over the text of a scenario file without its ``[expect]`` table, 64 hexadecimal digits."""
    return hashlib.sha256(_EXPECT.sub("\n", text).rstrip().encode()).hexdigest()


def _line(key: str, value: object) -> str:
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
