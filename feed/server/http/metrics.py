"""The server's figures as Prometheus reads them: taken when asked for, kept where they arise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from feed.model.durations import NS_PER_SECOND
from feed.server.durable.durable_market import DataFolderFigures
from feed.server.http.context import RequestContext
from feed.stream.source import RequestCounts

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def exposition(context: RequestContext) -> bytes:
    """Every figure, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)  # processor time, memory, files: as every program names them
    registry.register(_Figures(context))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, context: RequestContext) -> None:
        self._context = context

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry holds no others."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure as it stands."""
        fanout = self._context.fanout
        figures = fanout.statistics()
        connections = self._context.registry.close_counts.statistics()
        yield GaugeMetricFamily("feed_connections", "WebSocket connections open.", connections.open)
        yield CounterMetricFamily("feed_connections_opened", "Handshakes finished.", connections.opened)
        ended = CounterMetricFamily("feed_connections_ended", "Connections ended, by reason.", labels=["why"])
        for why, count in sorted(connections.ended.items()):
            ended.add_metric([why], count)
        yield ended
        yield CounterMetricFamily("feed_events", "Events published.", figures.events)
        yield CounterMetricFamily("feed_steps", "Steps of the fan-out.", figures.steps)
        yield CounterMetricFamily(
            "feed_deliveries", "Writes to connections that owed nothing.", figures.deliveries
        )
        yield CounterMetricFamily(
            "feed_deliveries_slow", "Of these, not taken whole by the socket.", figures.slow
        )
        yield CounterMetricFamily("feed_delivered_bytes", "Bytes of these writes.", figures.bytes)
        yield GaugeMetricFamily("feed_backlog_bytes", "Owed to slow connections.", fanout.hub.backlog())
        yield GaugeMetricFamily("feed_seq", "Sequence number of the newest event.", self._context.seq)
        yield GaugeMetricFamily(
            "feed_history_oldest_seq", "Sequence number of the oldest event kept.", fanout.hub.history.oldest
        )
        yield GaugeMetricFamily(
            "feed_market_time_seconds",
            "Market time, since the Unix epoch.",
            self._context.market_state.now / NS_PER_SECOND,
        )
        yield GaugeMetricFamily(
            "feed_simulator_lag_seconds",
            "How late the source was with its last events.",
            getattr(self._context.source, "lag", 0.0),
        )
        yield from self._requests()
        yield from self._webhooks()
        yield from self._storage()
        yield from self._faults()
        yield from self._context.outside.figures
        yield HistogramMetricFamily(
            "feed_event_to_write_seconds",
            "From the making of a step's oldest event to the last write of the step.",
            buckets=[(text, float(count)) for text, count in fanout.latency.cumulative()],
            sum_value=fanout.latency.total,
        )

    def _requests(self) -> Iterator[Metric]:
        """What was asked for by HTTP, and of the market."""
        answered = CounterMetricFamily("feed_http_responses", "HTTP answers, by status.", labels=["status"])
        for status, count in sorted(self._context.responses.items()):
            answered.add_metric([str(status)], count)
        yield answered
        counts: RequestCounts | None = getattr(self._context.source, "request_counts", None)
        if counts is not None:
            ended = CounterMetricFamily(
                "feed_order_requests", "Requests of accounts, by what became of them.", labels=["outcome"]
            )
            ended.add_metric(["executed"], counts.acted)
            ended.add_metric(["refused"], counts.turned_away)
            yield ended
            yield GaugeMetricFamily(
                "feed_order_requests_waiting",
                "Requests of accounts that wait for their turn.",
                counts.waiting,
            )

    def _webhooks(self) -> Iterator[Metric]:
        """What is pushed to URLs of clients."""
        service = self._context.webhooks
        total = service.total
        yield GaugeMetricFamily("feed_webhooks", "Webhooks of all keys.", service.endpoints)
        yield GaugeMetricFamily("feed_webhook_messages_waiting", "Messages that wait.", total.waiting)
        ended = CounterMetricFamily(
            "feed_webhook_messages", "Messages that wait no more, by what became of them.", labels=["outcome"]
        )
        for outcome in ("delivered", "failed", "dropped"):
            ended.add_metric([outcome], getattr(total, outcome))
        yield ended

    def _storage(self) -> Iterator[Metric]:
        """What is written to disk, where anything is."""
        journal, recorder = self._context.storage.journal, self._context.storage.recorder
        messages = self._context.storage.message_log
        if messages is not None:
            yield GaugeMetricFamily(
                "feed_message_log_up", "1 while messages can be kept, else 0.", int(not messages.trouble)
            )
            yield CounterMetricFamily(
                "feed_message_log_left_out", "Messages that were left out of their log.", messages.left_out
            )
        if journal is not None:
            yield GaugeMetricFamily(
                "feed_journal_up",
                "1 while order requests can be journalled, else 0.",
                int(not journal.trouble),
            )
            yield CounterMetricFamily("feed_journal_entries", "Order requests journalled.", journal.entries)
            yield CounterMetricFamily(
                "feed_journal_refused", "Order requests refused, as the journal took none.", journal.refused
            )
        if self._context.storage.durable is not None:
            yield from self._data_folder(self._context.storage.durable.figures())
        if recorder is not None:
            yield GaugeMetricFamily(
                "feed_recording_up",
                "1 while the recording can be written, else 0.",
                int(not recorder.trouble),
            )
            yield GaugeMetricFamily("feed_recording_events", "Events in the recording.", recorder.events)
            yield GaugeMetricFamily(
                "feed_recording_lost_events", "Events published since the recording stopped.", recorder.lost
            )

    def _data_folder(self, figures: DataFolderFigures) -> Iterator[Metric]:
        """How a market is kept over restarts."""
        yield GaugeMetricFamily(
            "feed_data_up", "1 while inputs and horizon can be written, else 0.", int(not figures.trouble)
        )
        yield CounterMetricFamily("feed_data_inputs", "Inputs in the log of the market.", figures.inputs)
        yield CounterMetricFamily(
            "feed_data_refused", "Batches of requests refused, as the log took none.", figures.refused
        )
        yield HistogramMetricFamily(
            "feed_data_commit_seconds",
            "From taking the inputs that wait to their being durable.",
            buckets=[(text, float(count)) for text, count in figures.latency.cumulative()],
            sum_value=figures.latency.total,
        )
        yield GaugeMetricFamily("feed_data_log_bytes", "Of the log of inputs.", figures.log_bytes)
        yield GaugeMetricFamily(
            "feed_data_horizon_seconds",
            "Market time up to which events may be published, since the Unix epoch.",
            figures.horizon / NS_PER_SECOND,
        )
        if figures.checkpoint is not None:
            yield GaugeMetricFamily(
                "feed_data_checkpoint_seq",
                "Sequence number of the newest checkpoint since the start of the server.",
                figures.checkpoint,
            )

    def _faults(self) -> Iterator[Metric]:
        """Whom faults have struck: those of the scenario by number, those set at run time by name."""
        struck = CounterMetricFamily(
            "feed_fault_connections", "Connections struck by a fault.", labels=["number", "fault"]
        )
        for record in self._context.registry.faults.statistics():
            struck.add_metric([str(record.number), record.name], record.connections)
        yield struck
        active = GaugeMetricFamily(
            "feed_run_time_fault_active",
            "1 while a fault set at run time is at work.",
            labels=["name", "kind"],
        )
        struck = CounterMetricFamily(
            "feed_run_time_fault_connections",
            "Connections struck by a fault set at run time.",
            labels=["name", "kind"],
        )
        refused = CounterMetricFamily(
            "feed_run_time_fault_refused",
            "Handshakes that it turned away, and requests of whom it bans.",
            labels=["name", "kind"],
        )
        for fault in self._context.faults:
            labels = [fault.name, fault.kind]
            active.add_metric(labels, int(not fault.record.over))
            struck.add_metric(labels, fault.record.connections)
            refused.add_metric(labels, fault.record.refused)
        yield from (active, struck, refused)
