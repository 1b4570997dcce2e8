"""What the server says of itself."""

from html import escape

import attrs
import pytest
from asking import KEY, ask
from servers import RunningServer

from feed import Settings
from feed.config.fields import leaves, value_of
from feed.config.scenario_fields import sections
from feed.dialects.discovery import dialects
from feed.server.http import client_matrix


def refs(value):
    """Every reference in a document."""
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from refs(item)


async def described(server: RunningServer):
    _, _, document = await ask(server.connect(), "/openapi.json")
    return document


async def test_the_description_is_whole(server):
    """Every reference leads somewhere, every type is used, everything has a meaning."""
    document = await described(server)
    schemas = document["components"]["schemas"]
    assert set(refs(document)) == {f"#/components/schemas/{name}" for name in schemas}
    for name, schema in schemas.items():
        assert schema["description"], name
        for field, meaning in schema["properties"].items():
            assert {"description", "enum"} & set(meaning) or "$ref" in meaning, (
                name,
                field,
            )


async def test_everything_described_is_served(server):
    """By the methods described, and by no others."""
    document = await described(server)
    client = server.connect()
    for path, methods in document["paths"].items():
        for method in ("get", "post", "delete"):
            status, _, _ = await ask(client, path, method=method.upper())
            assert (status != 405) == (method in methods), (method, path)


async def test_every_answer_described_is_json_or_says_otherwise(server):
    """Media types, and quotas on what is counted."""
    paths = (await described(server))["paths"]
    kinds = {
        path: list(item["get"]["responses"]["200"]["content"])
        for path, item in paths.items()
        if "get" in item
    }
    assert {path: kind for path, kind in kinds.items() if kind != ["application/json"]} == {
        "/metrics": ["text/plain"],
        "/docs": ["text/html"],
        "/status": ["text/html"],
    }
    uncounted = [path for path, item in paths.items() if "429" not in str(item)]
    assert uncounted == ["/marketai/api/v1/health", "/healthz", "/readyz"]


async def test_the_documents_page_shows_every_default_and_every_path(server):
    """For people; nothing on it comes from a client."""
    status, headers, page = await ask(server.connect(), "/docs")
    page = page.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    for path in (await described(server))["paths"]:
        assert f"<td>{path}<" in page
    for leaf in leaves():
        row = (leaf.key, str(value_of(Settings(), leaf.name)), leaf.allowed, leaf.meaning)
        assert f"<tr><td>{'<td>'.join(map(escape, row))}" in page
    for option in ("ext=seq", "since=POS", "conflate=MS", "resume_other_history"):
        assert option in page
    for name in ("limits", "policies.securitypro", "policies.marketai.free", "trading", "tokens"):
        assert f"<h3>[{name}]</h3>" in page
    for section in sections():
        assert f"<h3>{escape(section.heading or section.name)}</h3>" in page
        for row in section.rows:
            assert f"<tr><td>{'<td>'.join(map(escape, attrs.astuple(row)))}" in page
    for dialect in dialects().values():
        assert dialect.path in page
    assert "Tradyn tick server</h2><pre>" in page
    clients = client_matrix.shipped()
    for row in client_matrix.rows(clients, dialects()):
        assert f"<tr><td>{'<td>'.join(map(escape, row))}" in page
    for note in client_matrix.notes(clients, dialects()):
        assert f"<li>{escape(note)}" in page


async def test_the_collection_holds_the_demo_key_where_it_works(open_server):
    """And the address that the client wrote."""
    for settings, key in ((Settings(), KEY), (Settings(host="0.0.0.0"), "")):
        async with open_server(settings) as server:
            _, _, collection = await ask(server.connect(), "/securitypro.postman_collection.json")
        assert collection["variable"] == [
            {"key": "baseUrl", "value": "http://localhost"},
            {"key": "apiKey", "value": key},
        ]
        first = collection["item"][0]["request"]
        assert first["url"]["raw"] == "{{baseUrl}}/v1/market/ticker?symbol=EURUSD"
        assert first["header"] == [{"key": "X-API-Key", "value": "{{apiKey}}"}]


@pytest.mark.protocols("kraken")
async def test_a_refusal_may_have_the_status_of_an_answer(server):
    """A protocol that refuses with status 200 is described with both bodies there."""
    told = (await described(server))["paths"]["/kraken/0/public/Ticker"]["get"]["responses"]["200"]
    answer, refusal = [one["$ref"] for one in told["content"]["application/json"]["schema"]["anyOf"]]
    assert answer.endswith("/TickerAnswer")
    assert refusal != answer
