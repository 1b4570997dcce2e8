"""The dashboard for Grafana: its form. Its queries are run elsewhere."""

import json

import promql_parser
import pytest
from click.testing import CliRunner

from feed.cli.dashboard import WIDTH, dashboard
from feed.cli.main import feed
from feed.cli.panels import ROWS

PANELS = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def test_the_command_prints_it():
    """JSON and nothing else."""
    printed = CliRunner().invoke(feed, ["dashboard"])
    assert (printed.exit_code, json.loads(printed.output)) == (0, dashboard())


def test_panels_lie_beside_each_other():
    """Each has a number and a place of its own, within the width."""
    found = dashboard()["panels"]
    assert len({panel["id"] for panel in found}) == len(found)
    taken = set()
    for panel in found:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH, panel["title"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_panel_is_explained_and_asks_the_source_that_is_chosen():
    """Of the servers that are chosen."""
    assert [panel["title"] for panel in PANELS] == [panel.title for row in ROWS.values() for panel in row]
    for panel in PANELS:
        assert panel["description"].endswith("."), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert 'instance=~"$instance"' in target["expr"]
            assert "%" not in target["expr"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_query_is_promql(panel):
    """Once Grafana has put in what it chooses."""
    for target in panel["targets"]:
        promql_parser.parse(target["expr"].replace("$__rate_interval", "1m"))
