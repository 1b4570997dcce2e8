"""The AsyncAPI documents, read by the parser of the format's makers."""

import json
from urllib.request import urlopen

import pytest

from feed.dialects.discovery import dialects, with_channels

pytestmark = pytest.mark.clients


def test_the_parser_reads_every_document(serve, program):
    """Without a warning; it finds the same messages as stand there, and both directions."""
    _, url = serve("--seed", 1)
    http = url.replace("ws://", "http://")
    found = program("asyncapi-parser", "asyncapi_parser", url=http, seconds=180)
    assert list(found) == with_channels()
    for name, document in found.items():
        assert document["complaints"] == [], name
        assert document["title"] == dialects()[name].title
        with urlopen(f"{http}/asyncapi/{name}.json", timeout=60) as served:
            assert document["messages"] == sorted(json.load(served)["components"]["messages"])
        assert document["actions"] == ["receive", "send"]
