"""Messages as they were really said, held to what the AsyncAPI document of their protocol declares."""

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import jsonschema_rs

import feed
from feed import Settings
from feed.server.http import asyncapi


def document(name, listing):
    """The document of a protocol, of a server with that listing."""
    return asyncapi.description(name, SimpleNamespace(listing=listing, settings=Settings()))


def closed(schema):
    """The same schema, in which an object has the members that are named and no others."""
    match schema:
        case dict():
            found = {name: closed(it) for name, it in schema.items()}
            if isinstance(found.get("properties"), dict) and schema.get("type") == "object":
                found.setdefault("additionalProperties", False)
            return found
        case list():
            return [closed(it) for it in schema]
    return schema


def shortened(message, most=12):
    """The same with fewer entries of long lists: nobody reads more of an example."""
    match message:
        case dict():
            return {name: shortened(it) for name, it in message.items()}
        case list():
            return [shortened(it) for it in (message if len(message) <= most else message[:2])]
    return message


class Declared:
    """
    What a document says of messages.

    Attributes:
        names: Of the messages, by channel and by who sends them: ``client`` or ``server``.
        answers: Names of those that may answer a request, by its name.
    """

    def __init__(self, found):
        self.found = found
        self.names = {}
        self.answers = {}
        self._validators = {}
        self._constants = {}
        for operation in found["operations"].values():
            channel = operation["channel"]["$ref"].rpartition("/")[2]
            sender = "client" if operation["action"] == "receive" else "server"
            names = [one["$ref"].rpartition("/")[2] for one in operation["messages"]]
            self.names.setdefault((channel, sender), []).extend(names)
            for name in names:
                self._validators[name, sender] = self._validator(name, sender)
                self._constants[name] = self._constants_of(name)
                if "reply" in operation:
                    told = operation["reply"]["messages"]
                    self.answers[name] = {one["$ref"].rpartition("/")[2] for one in told}

    def _validator(self, name, sender):
        """Clients may say more than is looked at; the server says what is declared, and no more."""
        components = self.found["components"]
        whole = {**components["messages"][name]["payload"], "components": {"schemas": components["schemas"]}}
        return jsonschema_rs.Draft7Validator(closed(whole) if sender == "server" else whole)

    def fitting(self, channel, sender, message):
        """Names of the messages that one fits."""
        names = self.names.get((channel, sender), ())
        return [
            name
            for name in names
            if self._may_be(name, message) and self._validators[name, sender].is_valid(message)
        ]

    def _may_be(self, name, message):
        """Whether a message has what is always the same: a look is cheaper than a whole schema."""
        if not isinstance(message, dict):
            return True
        return all(message.get(member) in values for member, values in self._constants[name].items())

    def _constants_of(self, name):
        components = self.found["components"]
        schema = components["messages"][name]["payload"]
        schema = components["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
        members = {
            one: schema["properties"][one] for one in schema.get("required", ()) if "properties" in schema
        }
        return {one: it["enum"] for one, it in members.items() if "enum" in it}

    def complaints(self, name, sender, message):
        """What is wrong with a message that should be of that name."""
        return [str(one) for one in self._validators[name, sender].iter_errors(message)]


class Conversation:
    """
    What was said on the connections of a protocol.

    Args:
        name: Of the protocol.
        listing: The instruments of the market.
        write: Whether the first message of each kind becomes the example of it in the document.
        number: Member of requests that their answers repeat.
    """

    def __init__(self, name, listing, *, write=False, number="id"):
        self._number = number
        self._asked = {}  # name of the request by the channel and its number
        self._file = Path(feed.__file__).parent / "dialects" / name / "examples.json" if write else None
        self.declared = Declared(document(name, listing))
        self.seen = Counter()
        self.first = {}

    def record(self, client, channel):
        """The same client; what it says and hears from now on is recorded."""
        send, text = client.send, client.text

        async def saying(message, *, wrong=False):
            if not wrong:
                self.say(channel, message)
            await send(message)

        async def hearing():
            heard = await text()
            self.hear(channel, [heard])
            return heard

        client.send, client.text = saying, hearing
        return client

    def say(self, channel, message):
        """A message of a client, which must be one that is declared."""
        self._note(channel, "client", json.loads(message) if isinstance(message, str) else message)

    def hear(self, channel, texts):
        """Messages of the server, each of which must be one that is declared."""
        for text in texts:
            self._note(channel, "server", json.loads(text))

    def _note(self, channel, sender, message):
        fitting = self.declared.fitting(channel, sender, message)
        place = channel, json.dumps(message.get(self._number) if isinstance(message, dict) else None)
        if len(fitting) > 1 and sender == "server":
            # Two requests may have answers that look alike.
            fitting = [name for name in fitting if name in self.declared.answers.get(self._asked[place], ())]
        assert len(fitting) == 1, (channel, sender, fitting, message)
        (name,) = fitting
        if sender == "client":
            self._asked[place] = name
        elif place in self._asked and name in set().union(*self.declared.answers.values()):
            assert name in self.declared.answers[self._asked[place]], message
        self.seen[name] += 1
        self.first.setdefault(name, message)

    def check(self, *not_seen):
        """Every message that is declared has been seen, but for those that are named."""
        names = {name for names in self.declared.names.values() for name in names}
        assert names - set(self.seen) == set(not_seen), sorted(names - set(self.seen))
        if self._file is not None:
            told = ((name, shortened(self.first[name])) for name in sorted(self.first))
            lines = [f"{json.dumps(name)}: [{json.dumps(one, ensure_ascii=False)}]" for name, one in told]
            self._file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
            return
        alike = set().union(*self.declared.answers.values())
        told = {name: it.get("examples", []) for name, it in self._messages.items()}
        assert {name for name, examples in told.items() if examples} == set(self.seen)
        for (channel, sender), known in self.declared.names.items():
            for name in known:
                for example in told[name]:
                    fitting = self.declared.fitting(channel, sender, example["payload"])
                    assert name in fitting, example
                    assert len(fitting) == 1 or name in alike, (fitting, example)

    @property
    def _messages(self):
        return self.declared.found["components"]["messages"]
