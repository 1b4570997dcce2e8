"""A model of what clients of the hub must receive, as a state machine for Hypothesis."""

import math

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

CLIENTS = st.integers(0, 3)
TOPICS = st.lists(st.tuples(st.sampled_from(["quote", "trade", "both"]), st.integers(0, 2)), max_size=4)
ROWS = st.lists(st.tuples(st.sampled_from(["quote", "trade"]), st.integers(0, 2)), min_size=1, max_size=40)


class Subscribers(RuleBasedStateMachine):
    """
    Four clients that subscribe, unsubscribe, and read at any speed, and what each must receive.

    Args:
        stream: The fixture of that name.
        harness: The hub under test.
    """

    def __init__(self, stream, harness):
        super().__init__()
        self.stream = stream
        self.harness = harness
        self.clients = [harness.client(room=0) for _ in range(4)]
        self.expected = [[] for _ in self.clients]
        self.held = [[] for _ in self.clients]
        self.rows = []

    def messages(self, seq, topics):
        """The messages of the event ``seq`` in ``topics``."""
        kind, instrument = self.rows[seq - 1]
        channels = sorted(t.channel for t in topics if t.instrument == instrument)
        return [f"{name}:{instrument}@{seq}" for name in channels if name in ("both", kind)]

    @rule(rows=ROWS)
    def publish(self, rows):
        self.rows += rows
        for seq in range(len(self.rows) - len(rows) + 1, len(self.rows) + 1):
            for texts, held in zip(self.expected, self.held, strict=True):
                texts.extend(self.messages(seq, held))
        self.harness.publish(*(getattr(self.stream, kind)(instrument) for kind, instrument in rows))
        self.published()

    def published(self):
        """Called after every publication."""

    @rule(who=CLIENTS, names=TOPICS)
    def subscribe(self, who, names):
        topics = [self.stream.topic(*name) for name in names]
        for topic in topics:
            if topic not in self.held[who]:
                self.held[who].append(topic)
                quotes = [at for at, row in enumerate(self.rows, 1) if row == ("quote", topic.instrument)]
                if quotes:
                    self.expected[who].append(f"{topic.channel}:{topic.instrument} from {quotes[-1]}")
        self.harness.hub.subscribe(self.clients[who].send_buffer, topics)

    @rule(who=CLIENTS, names=TOPICS)
    def unsubscribe(self, who, names):
        topics = [self.stream.topic(*name) for name in names]
        self.held[who] = [topic for topic in self.held[who] if topic not in topics]
        self.harness.hub.unsubscribe(self.clients[who].send_buffer, topics)

    @rule(who=CLIENTS)
    def mute(self, who):
        self.held[who] = []
        self.harness.hub.mute(self.clients[who].send_buffer)

    @rule(who=CLIENTS)
    def send(self, who):
        self.expected[who].append("hello")
        self.harness.hub.send(self.clients[who].send_buffer, "hello")

    @rule(who=CLIENTS, room=st.one_of(st.integers(0, 300), st.just(math.inf)))
    def take(self, who, room):
        self.clients[who].take(room)

    def teardown(self):
        """Every client has received exactly what it must, and nothing is left when all are gone."""
        for client in self.clients:
            client.take(math.inf)
        self.harness.catch_up()
        for client, texts in zip(self.clients, self.expected, strict=True):
            assert client.texts == texts
            assert client.send_buffer.replay is None
            self.harness.hub.drop(client.send_buffer)
        assert self.harness.empty
