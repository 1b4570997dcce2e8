"""Requests to a server for alerts and webhooks, and who is sent what the webhooks say."""

import json

import trio
from asking import API_KEY, ask

ALERTS = "/guide/api/v1/alerts"
WEBHOOKS = "/guide/api/v1/webhooks"


async def request(server, method, path, *, body=None):
    content = b"" if body is None else json.dumps(body).encode()
    client = server.connect()
    status, _, found = await ask(client, path, method=method, body=content, **API_KEY)
    await client.stream.aclose()
    assert status == 200, found
    return found


class Receiver:
    """In place of the network: takes every other message at its second attempt."""

    def __init__(self):
        self.posts = []
        self.taken = []

    async def post(self, url, body, headers):
        await trio.sleep(0.05)
        name, message = headers["webhook-id"], json.loads(body)
        self.posts.append(name)
        if message["seq"] % 2 and self.posts.count(name) == 1:
            return 500
        self.taken.append((name, message))
        return 200
