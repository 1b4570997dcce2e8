"""So many at once, so many in a minute."""

from feed.dialects.contract import AdmissionResult
from feed.server.limits import ConnectionQuota, ConnectionQuotas, MinuteCounters


def test_a_minute_has_only_so_many():
    """Counted for each by name; in the next minute all begin anew."""
    now = [0.0]
    rates = MinuteCounters(lambda: now[0])
    assert [rates.take("a", 2) for _ in range(4)] == [True, True, False, False]
    assert rates.take("b", 2)
    now[0] = 59.5
    assert not rates.take("a", 2)
    assert rates.wait() == 0.5
    now[0] = 60.0
    assert rates.take("a", 2)


def test_a_seat_is_free_again_when_its_connection_ends():
    """Tries that were refused take none, but count towards the minute."""
    now = [0.0]
    quotas = ConnectionQuotas(lambda: now[0])
    first, second = ConnectionQuota(quotas), ConnectionQuota(quotas)
    assert first.enter("a", 1, 3) is AdmissionResult.OPEN
    assert second.enter("a", 1, 3) is AdmissionResult.TOO_MANY
    second.end()
    assert second.enter("a", 1, 3) is AdmissionResult.TOO_MANY
    assert (quotas.taken("a"), quotas.taken("b")) == (1, 0)
    first.end()
    first.end()
    assert quotas.taken("a") == 0
    assert second.enter("a", 1, 3) is AdmissionResult.TOO_OFTEN
    now[0] = 60.0
    assert second.enter("a", 1, 3) is AdmissionResult.OPEN
