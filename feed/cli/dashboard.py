"""``feed dashboard``: a dashboard of a server's figures for Grafana, which reads them from Prometheus."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from feed.cli.options import example
from feed.cli.panels import ROWS, Panel

SCHEMA_VERSION: Final = 39
"""Of Grafana's dashboards: that of Grafana 10.4; later ones read it."""
WIDTH: Final = 24
"""Columns of a dashboard."""
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_OF: Final = 'instance=~"$instance"'


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana imports and provisions it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "gridPos": place, "panels": []})
        top, left = top + 1, 0
        for panel in row:
            if left + panel.columns > WIDTH:
                top, left = top + _HEIGHT, 0
            panels.append(_panel(panel, len(panels) + 1, left, top))
            left += panel.columns
        top += _HEIGHT
    return {
        "uid": "feed",
        "title": "feed",
        "description": "A market data feed: clients, market, process, requests, disk.",
        "tags": ["market data", "websocket"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [_datasource(), _instances()]},
        "annotations": {"list": []},
        "panels": panels,
    }


def _panel(panel: Panel, number: int, left: int, top: int) -> dict[str, Any]:
    names = "ABCDEFGH"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": _SOURCE,
        "gridPos": {"h": _HEIGHT, "w": panel.columns, "x": left, "y": top},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": name,
                "datasource": _SOURCE,
                "expr": query.replace("%", _OF),
                "legendFormat": legend,
                "range": True,
            }
            for name, (legend, query) in zip(names, panel.queries.items(), strict=False)
        ],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _instances() -> dict[str, Any]:
    """Which servers are shown: all that there are, or those that are chosen."""
    query = "label_values(feed_seq, instance)"
    return {
        "name": "instance",
        "label": "Server",
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "instances"},
        "refresh": 2,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


@click.command("dashboard", epilog=example("feed dashboard > feed.json"))
def command() -> None:
    """
    Print a dashboard for Grafana, to be imported or provisioned.

    It shows what Prometheus reads at /metrics of one server or many: connections, deliveries, lag, orders,
    errors, disk.
    """
    click.echo(json.dumps(dashboard(), indent=2))
