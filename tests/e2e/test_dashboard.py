"""The dashboard's queries, held to what a server of its own process says at ``/metrics``."""

import re

import prometheus
import promql_parser
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.protocols("tradyn", "guide")]


def matching(selector, known):
    """Labels of the series that a selector picks."""
    wanted = [one for one in selector.matchers.matchers if one.name not in prometheus.SCRAPED]
    picked = known[selector.name]
    for one in wanted:
        assert one.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re), selector
        pattern = one.value if one.op is promql_parser.MatchOp.Re else re.escape(one.value)
        picked = [labels for labels in picked if re.fullmatch(pattern, labels.get(one.name, ""))]
    return picked


def test_every_query_asks_for_what_there_is(serve, tmp_path):
    """Names of metrics, labels that are matched, grouped by and shown: on a server that writes all it can."""
    known = prometheus.series(prometheus.read(prometheus.busy(serve, tmp_path), "/metrics"))
    _, durable = serve("--data", tmp_path / "data")  # which is in place of a journal
    known = prometheus.series(prometheus.read(durable, "/metrics")) | known
    nothing = ["5.."]  # answers that a good server does not give
    for (title, legend), query in prometheus.queries().items():
        selectors, grouped = prometheus.selectors(query)
        assert selectors, title
        shown = set(re.findall(r"{{(\w+)}}", legend))
        for selector in selectors:
            assert selector.name in known, f"{title}: there is no {selector.name}"
            has = set(known[selector.name][0]) | prometheus.SCRAPED
            assert {one.name for one in selector.matchers.matchers} | grouped | shown <= has, (title, query)
            picked = matching(selector, known)
            assert picked or any(one.value in nothing for one in selector.matchers.matchers), (title, query)
        if grouped:
            assert shown <= grouped, (title, query)


def test_what_nobody_has_is_found_missing():
    """The check itself: a name and a label that are misspelt."""
    known = prometheus.series('feed_http_responses_total{status="200"} 1.0\n')
    (good,), _ = prometheus.selectors('rate(feed_http_responses_total{status=~"2.."}[1m])')
    (bad,), _ = prometheus.selectors('rate(feed_http_responses_total{status=~"7.."}[1m])')
    assert matching(good, known) == [{"status": "200"}]
    assert matching(bad, known) == []
    assert prometheus.selectors("sum by (why) (a / b)")[1] == {"why"}
