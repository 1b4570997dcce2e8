"""What an edge asks: in order, each once, over connections that break."""

from blocks import CALL

from feed.cluster.framing import Frames
from feed.cluster.messages import Call, Submit, decode, decode_request, encode_request
from feed.cluster.outbox import Outbox
from feed.model.requests import CancelMany


def request(number):
    return CancelMany(account=number, instrument=0)


def sent(outbox):
    """Numbers of all that is sent now."""
    found = []
    while data := outbox.next():
        found += [decode(one).number for one in Frames().feed(data)]
    return found


def test_requests_and_calls_are_numbered_together_and_sent_in_order():
    """More than go into one write, too; each once."""
    outbox = Outbox()
    numbers = [outbox.submit(request(1)) if at % 3 else outbox.call(CALL) for at in range(200)]
    assert numbers == list(range(1, 201))
    assert (sent(outbox), sent(outbox)) == (numbers, [])


def test_a_new_connection_sends_what_has_not_come():
    """Requests again, but no calls, sent or not: nobody waits for those any more."""
    outbox = Outbox()
    for _ in range(4):
        outbox.submit(request(1))
        outbox.call(CALL)
    first = outbox.next()
    outbox.submit(request(1))
    assert len(Frames().feed(first)) == 8
    outbox.begin(3)
    assert sent(outbox) == [5, 7, 9]
    outbox.taken(7)
    outbox.begin(7)
    assert sent(outbox) == [9]


def test_another_market_gets_nothing_of_it():
    """Neither what was sent nor what was not; numbers go on."""
    outbox = Outbox()
    outbox.submit(request(1))
    outbox.next()
    outbox.submit(request(1))
    outbox.clear()
    outbox.begin(0)
    assert (sent(outbox), outbox.submit(request(1))) == ([], 3)


def test_it_is_bounded_by_what_is_not_known_to_have_come():
    """Past that nothing is taken, until there is room again."""
    outbox = Outbox()
    while outbox.submit(request(1)) is not None:
        pass
    assert outbox.call(CALL) is None
    last = sent(outbox)[-1]
    assert last == 65_536
    assert outbox.submit(request(1)) is None
    outbox.taken(1)
    assert (outbox.submit(request(1)), outbox.submit(request(1))) == (last + 1, None)


def test_a_request_and_a_call_come_out_as_they_went_in():
    """Also one with a client's id of more than 64 bits."""
    outbox = Outbox()
    wide = CancelMany(account=1, instrument=0, request=1 << 100)
    outbox.submit(wide)
    outbox.call(CALL)
    submit, call = map(decode, Frames().feed(outbox.next()))
    assert isinstance(submit, Submit)
    assert decode_request(submit.request) == decode_request(encode_request(wide)) == wide
    assert call == Call(number=2, call=CALL)
