"""AsyncAPI documents as they are served. Tests of protocols hold them to what is said."""

import re
from pathlib import Path

import jsonschema_rs
import pytest
from asking import ask

from feed.dialects.discovery import dialects, with_channels
from feed.server.http import asyncapi


def refs(value):
    """Every reference in a document."""
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from refs(item)


async def served(server, path):
    status, headers, found = await ask(server.connect(), path)
    assert (status, headers["content-type"]) == (200, "application/json")
    return found


async def test_the_index_lists_a_document_for_each_protocol_that_declares_messages(server):
    """And each is there."""
    found = await served(server, "/asyncapi.json")
    assert [one["protocol"] for one in found["documents"]] == with_channels()
    for one in found["documents"]:
        document = await served(server, one["url"])
        title = dialects()[one["protocol"]].title
        assert (document["asyncapi"], document["info"]["title"]) == ("3.0.0", title)
        assert one["title"] == title


@pytest.mark.parametrize("name", with_channels())
async def test_a_document_is_whole(server, name):
    """Every reference leads somewhere, every part is referred to, every part has a meaning."""
    found = await served(server, f"/asyncapi/{name}.json")
    components, channels = found["components"], found["channels"]
    assert channels
    known = {f"#/components/{kind}/{one}" for kind, all_of in components.items() for one in all_of}
    known |= {f"#/channels/{channel}" for channel in channels}
    known |= {f"#/channels/{name}/messages/{one}" for name, it in channels.items() for one in it["messages"]}
    assert set(refs(found)) <= known
    unused = known - set(refs(found))
    # The options of a channel stand in its binding, as the format wants them.
    queries = {it["bindings"]["ws"].get("query", {}).get("title") for it in channels.values()}
    assert unused <= {f"#/components/schemas/{one}" for one in queries}
    for channel in channels.values():
        assert channel["summary"]
        assert channel["address"].startswith("/")
    for message, it in components["messages"].items():
        assert it["summary"], message
        assert it["examples"], message
    for schema, it in components["schemas"].items():
        assert it["description"], schema
    assert [one for one in components["schemas"] if "." in one] == []  # no two types are called alike
    names = [*channels, *components["messages"], *found["operations"]]
    assert [one for one in names if not re.fullmatch(r"[A-Za-z0-9_\-]+", one)] == []


@pytest.mark.parametrize("name", with_channels())
async def test_schemas_are_of_draft_7_and_examples_fit_them(server, name):
    """As readers of the format take them: an example is a message that was really said."""
    found = await served(server, f"/asyncapi/{name}.json")
    components = found["components"]
    for schema in components["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "http://json-schema.org/draft-07/schema#", **schema})
    for message, it in components["messages"].items():
        whole = {**it["payload"], "components": {"schemas": components["schemas"]}}
        validator = jsonschema_rs.Draft7Validator(whole)
        for example in it["examples"]:
            assert validator.is_valid(example["payload"]), message
        assert not validator.is_valid("no message")


async def test_the_documents_page_shows_every_message(server):
    """With who sends it and what it says, and links to the documents."""
    *_, page = await ask(server.connect(), "/docs")
    page = page.decode()
    for name in with_channels():
        assert f"<a href=/asyncapi/{name}.json>" in page
        found = await served(server, f"/asyncapi/{name}.json")
        for message in found["components"]["messages"]:
            assert f"<td>{message}<td>" in page


@pytest.mark.parametrize("name", with_channels())
def test_what_a_protocol_declares_is_held_to_what_it_says(name):
    """By a conversation among the tests of its folder: text written by hand knows nothing of types."""
    path = Path(__file__).parents[2] / "dialects" / name / "test_asyncapi.py"
    assert ".check(" in path.read_text(encoding="utf-8")


def test_draft_7_says_items_by_their_places_otherwise():
    """Those that may follow, or that none may."""
    two = {"prefixItems": [{"type": "string"}, {}], "minItems": 2, "maxItems": 2, "items": False}
    more = {"prefixItems": [{}], "items": {"type": "integer"}}
    assert asyncapi._as_draft_7({"items": [two, more]}) == {
        "items": [
            {"minItems": 2, "maxItems": 2, "items": [{"type": "string"}, {}], "additionalItems": False},
            {"items": [{}], "additionalItems": {"type": "integer"}},
        ]
    }
