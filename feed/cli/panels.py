"""What the dashboard of a server's figures shows: panels, and their queries in PromQL."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Panel:
    """
    A graph, or figures as they stand.

    Attributes:
        title: Its heading.
        meaning: What it shows, and what to look for.
        queries: PromQL by legend; ``%`` stands for the labels that choose the servers.
        unit: In Grafana's words.
        kind: ``timeseries`` or ``stat``.
        columns: Its width.
    """

    title: str
    meaning: str
    queries: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    columns: int = 8


def _rate(metric: str) -> str:
    return f"rate({metric}{{%}}[$__rate_interval])"


def _quantile(share: float) -> str:
    return (
        f"histogram_quantile({share}, sum by (le, instance) ({_rate('feed_event_to_write_seconds_bucket')}))"
    )


def _by(label: str, metric: str) -> str:
    return f"sum by ({label}) ({_rate(metric)})"


def _errors(status: str) -> str:
    """Per second; 0 where there has been none."""
    answers = f'feed_http_responses_total{{%, status=~"{status}"}}'
    return f"sum(rate({answers}[$__rate_interval])) or vector(0)"


_UP: Final = "1 while it can be written, else 0; there is none where it is not asked for."

ROWS: Final[dict[str, tuple[Panel, ...]]] = {
    "Clients": (
        Panel(
            title="Connections",
            meaning="WebSocket connections that are open.",
            queries={"{{instance}}": "feed_connections{%}"},
        ),
        Panel(
            title="Connections opened",
            meaning="Handshakes finished, per second.",
            queries={"{{instance}}": _rate("feed_connections_opened_total")},
            unit="cps",
        ),
        Panel(
            title="Connections ended, by reason",
            meaning="Per second. Slow consumers and ping timeouts are clients that do not keep up.",
            queries={"{{why}}": _by("why", "feed_connections_ended_total")},
            unit="cps",
        ),
        Panel(
            title="Deliveries",
            meaning="Writes to connections that owed nothing, per second; slow ones were not taken whole.",
            queries={
                "all": f"sum({_rate('feed_deliveries_total')})",
                "slow": f"sum({_rate('feed_deliveries_slow_total')})",
            },
            unit="wps",
        ),
        Panel(
            title="Bytes delivered",
            meaning="Bytes of these writes, per second.",
            queries={"{{instance}}": _rate("feed_delivered_bytes_total")},
            unit="Bps",
        ),
        Panel(
            title="Backlog",
            meaning="Owed to connections that do not keep up.",
            queries={"{{instance}}": "feed_backlog_bytes{%}"},
            unit="bytes",
        ),
    ),
    "Market": (
        Panel(
            title="Market events",
            meaning="Events published, per second.",
            queries={"{{instance}}": _rate("feed_events_total")},
            unit="cps",
        ),
        Panel(
            title="Lag of the market",
            meaning="How late its last events were; above 0 for long, the machine is too slow for its speed.",
            queries={"{{instance}}": "feed_simulator_lag_seconds{%}"},
            unit="s",
        ),
        Panel(
            title="From event to write",
            meaning="From the making of a step's oldest event to its last write.",
            queries={"half": _quantile(0.5), "99 %": _quantile(0.99)},
            unit="s",
        ),
        Panel(
            title="Order requests, by outcome",
            meaning="Per second. Refused are those that the market has not seen.",
            queries={"{{outcome}}": _by("outcome", "feed_order_requests_total")},
            unit="reqps",
        ),
        Panel(
            title="Order requests that wait",
            meaning="For their turn in the market; a full queue refuses.",
            queries={"{{instance}}": "feed_order_requests_waiting{%}"},
        ),
        Panel(
            title="Speed of market time",
            meaning="Market seconds in a second; 0 while it is paused.",
            queries={"{{instance}}": "deriv(feed_market_time_seconds{%}[$__rate_interval])"},
        ),
    ),
    "Process": (
        Panel(
            title="Processor time",
            meaning="Seconds of a processor in a second; the event loop has one at most.",
            queries={"{{instance}}": _rate("process_cpu_seconds_total")},
            unit="percentunit",
        ),
        Panel(
            title="Memory",
            meaning="Resident.",
            queries={"{{instance}}": "process_resident_memory_bytes{%}"},
            unit="bytes",
        ),
        Panel(
            title="Open files",
            meaning="Share of what the process may have open; each connection is one.",
            queries={"{{instance}}": "process_open_fds{%} / process_max_fds{%}"},
            unit="percentunit",
        ),
    ),
    "Requests by HTTP": (
        Panel(
            title="Answers, by status",
            meaning="Per second.",
            queries={"{{status}}": _by("status", "feed_http_responses_total")},
            unit="reqps",
            columns=12,
        ),
        Panel(
            title="Errors",
            meaning="Per second: what clients asked wrongly, and what the server could not do.",
            queries={
                "4xx": _errors("4.."),
                "5xx": _errors("5.."),
            },
            unit="reqps",
            columns=12,
        ),
    ),
    "Disk": (
        Panel(
            title="Journal or data folder",
            meaning=_UP,
            queries={"{{instance}}": "feed_journal_up{%} or feed_data_up{%}"},
            kind="stat",
            columns=4,
        ),
        Panel(
            title="Recording",
            meaning=_UP,
            queries={"{{instance}}": "feed_recording_up{%}"},
            kind="stat",
            columns=4,
        ),
        Panel(
            title="Log of messages",
            meaning=_UP,
            queries={"{{instance}}": "feed_message_log_up{%}"},
            kind="stat",
            columns=4,
        ),
        Panel(
            title="Not written",
            meaning="Requests that journal or data folder did not take, events that the recording lacks, "
            "messages that their log lacks.",
            queries={
                "requests": "sum(feed_journal_refused_total{%} or feed_data_refused_total{%})",
                "events": "sum(feed_recording_lost_events{%})",
                "messages": "sum(feed_message_log_left_out_total{%})",
            },
            columns=12,
        ),
    ),
    "Webhooks and faults": (
        Panel(
            title="Webhook messages that wait",
            meaning="Of all keys.",
            queries={"{{instance}}": "feed_webhook_messages_waiting{%}"},
        ),
        Panel(
            title="Webhook messages, by outcome",
            meaning="Per second.",
            queries={"{{outcome}}": _by("outcome", "feed_webhook_messages_total")},
            unit="cps",
        ),
        Panel(
            title="Faults set at run time",
            meaning="1 while one is at work.",
            queries={"{{name}} ({{kind}})": "max by (name, kind) (feed_run_time_fault_active{%})"},
        ),
    ),
}
