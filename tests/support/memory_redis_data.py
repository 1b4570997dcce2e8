"""What a Redis holds, and the commands of it that a log needs. No trio and no clock: time is an argument."""

import math
from fnmatch import fnmatchcase

from feed.cluster.redis import script as scripts
from feed.cluster.redis.connection import RedisRefused

FULL = "OOM command not allowed when used memory > 'maxmemory'."
WRITES = {b"XADD", b"SET", b"HSET"}  # what a full one refuses


class Stream:
    def __init__(self):
        self.entries = []  # (id, [field, value, ...])
        self.last = (0, 0)


class RedisData:
    """
    Keys and values.

    Attributes:
        full: Whether no more memory may be taken.
        most_bytes: Past which it is full as well; None for no such bound.
        loaded: Digests of scripts that were sent once.
    """

    def __init__(self):
        self.values = {}
        self.expires = {}
        self.full = False
        self.most_bytes = None
        self.loaded = set()
        self.now = 0.0
        self._dirty = False  # whether a script has written something

    # --- looking from outside ---------------------------------------------------------------------------

    def stream(self, key):
        """The entries of a stream, each with its id as text and a dictionary of its fields."""
        held = self.values.get(_bytes(key))
        return [(_id_text(one), _fields(flat)) for one, flat in held.entries] if held else []

    def lose_tail(self, key, count):
        """Lose the last entries of a stream, and let it be as it was before them."""
        held = self.values[_bytes(key)]
        del held.entries[len(held.entries) - count :]
        held.last = held.entries[-1][0] if held.entries else (0, 0)

    @property
    def used(self):
        """Bytes of all values."""
        return sum(_size(one) for one in self.values.values())

    # --- commands ---------------------------------------------------------------------------------------

    def do(self, parts, now):
        """
        Carry a command out that does not wait; gives its reply.

        Raises:
            RedisRefused: As a Redis answers.
        """
        self.now = now
        for key in [key for key, at in self.expires.items() if at <= now]:
            self.values.pop(key, None)
            del self.expires[key]
        word, *arguments = map(_bytes, parts)
        word = word.upper()
        if word in WRITES and not self._dirty and self._is_full():
            raise RedisRefused(FULL)
        found = getattr(self, f"_{word.decode().lower()}", None)
        if found is None:
            raise RedisRefused(f"unknown command '{word.decode()}'")
        return found(*arguments)

    def _is_full(self):
        return self.full or (self.most_bytes is not None and self.used > self.most_bytes)

    def _ping(self):
        return b"PONG"

    def _get(self, key):
        return self._of(key, bytes, None)

    def _set(self, key, value, *options):
        options = [one.upper() for one in options]
        if b"NX" in options and key in self.values:
            return None
        self.values[key] = value
        self.expires.pop(key, None)
        for unit, scale in ((b"PX", 1000), (b"EX", 1)):
            if unit in options:
                self.expires[key] = self.now + int(options[options.index(unit) + 1]) / scale
        return b"OK"

    def _del(self, *keys):
        for key in keys:
            self.expires.pop(key, None)
        return sum(self.values.pop(key, None) is not None for key in keys)

    _unlink = _del

    def _exists(self, *keys):
        return sum(key in self.values for key in keys)

    def _pexpire(self, key, milliseconds, when=b""):
        ends = self.now + int(milliseconds) / 1000
        if key not in self.values or (when == b"GT" and ends <= self.expires.get(key, math.inf)):
            return 0
        self.expires[key] = ends
        return 1

    def _expire(self, key, seconds):
        return self._pexpire(key, int(seconds) * 1000)

    def _scan(self, cursor, *options):
        pattern = options[options.index(b"MATCH") + 1].decode() if b"MATCH" in options else "*"
        return [b"0", [key for key in self.values if fnmatchcase(key.decode(), pattern)]]

    def _hset(self, key, *flat):
        held = self._of(key, dict, None)
        held = self.values.setdefault(key, {}) if held is None else held
        new = sum(field not in held for field in flat[::2])
        held.update(zip(flat[::2], flat[1::2], strict=True))
        return new

    def _hget(self, key, field):
        return self._of(key, dict, {}).get(field)

    def _hgetall(self, key):
        return dict(self._of(key, dict, {}))

    def _hdel(self, key, *fields):
        held = self._of(key, dict, {})
        gone = sum(held.pop(field, None) is not None for field in fields)
        if not held:
            self.values.pop(key, None)
        return gone

    def _xadd(self, key, *arguments):
        rest = list(arguments)
        bound = None
        if rest[0].upper() in (b"MAXLEN", b"MINID"):
            bound = rest.pop(0), rest.pop(0) if rest[0] in (b"=", b"~") else b"=", rest.pop(0)
        identifier, *flat = rest
        held = self._of(key, Stream, None) or Stream()
        if identifier == b"*":
            new = max((int(self.now * 1000), 0), (held.last[0], held.last[1] + 1))
        else:
            new = _id(identifier, 0)
        if new <= held.last:
            raise RedisRefused("The ID specified in XADD is equal or smaller than the target stream top item")
        self.values[key] = held
        held.entries.append((new, flat))
        held.last = new
        if bound is not None:
            self._xtrim(key, *bound)
        return _id_text(new)

    def _xlen(self, key):
        return len(self._of(key, Stream, Stream()).entries)

    def _xtrim(self, key, how, *arguments):
        held = self._of(key, Stream, Stream())
        threshold = arguments[1] if arguments[0] in (b"=", b"~") else arguments[0]
        before = len(held.entries)
        most = int(arguments[-1]) if b"LIMIT" in arguments else before
        if how.upper() == b"MAXLEN":
            gone = max(0, before - int(threshold))
        else:
            gone = sum(one[0] < _id(threshold, 0) for one in held.entries)
        del held.entries[: min(gone, most)]
        return before - len(held.entries)

    def _xrange(self, key, first, last, *options):
        held = self._of(key, Stream, Stream())
        low, high = _id(first, 0), _id(last, 1 << 62)
        found = [one for one in held.entries if low <= one[0] <= high]
        if first.startswith(b"("):
            found = [one for one in found if one[0] != low]
        return _entries(found[: int(options[1])] if options else found)

    def _xrevrange(self, key, last, first, *options):
        found = self._xrange(key, first, last)[::-1]
        return found[: int(options[1])] if options else found

    def _xread(self, *arguments):
        count, keys = None, []
        for index, one in enumerate(arguments):
            if one.upper() == b"COUNT":
                count = int(arguments[index + 1])
            if one.upper() == b"STREAMS":
                keys = arguments[index + 1 :]
                break
        found = {}
        half = len(keys) // 2
        for key, after in zip(keys[:half], keys[half:], strict=True):
            held = self._of(key, Stream, Stream())
            new = [one for one in held.entries if one[0] > _id(after, 0)]
            if new:
                found[key] = _entries(new[:count])
        return found or None

    def last_ids(self, parts):
        """A read whose places are numbers: ``$`` is the end of a stream as it is now."""
        words = list(map(_bytes, parts))
        names = words[[one.upper() for one in words].index(b"STREAMS") + 1 :]
        half = len(names) // 2
        at = [
            _id_text(self._of(key, Stream, Stream()).last) if after == b"$" else after
            for key, after in zip(names[:half], names[half:], strict=True)
        ]
        return [*words[: len(words) - half], *at]

    # --- scripts ----------------------------------------------------------------------------------------

    def _eval(self, text, keys, *arguments):
        script = next(one for one in PYTHON if one.text.encode() == text)
        self.loaded.add(script.digest)
        return self._evalsha(script.digest.encode(), keys, *arguments)

    def _evalsha(self, digest, keys, *arguments):
        if digest.decode() not in self.loaded:
            raise RedisRefused("NOSCRIPT No matching script. Please use EVAL.")
        script = next(one for one in PYTHON if one.digest == digest.decode())
        assert int(keys) == script.keys
        try:
            return PYTHON[script](self, *arguments)
        finally:
            self._dirty = False

    def _call(self, *parts):
        """A write of a script: whether there is memory is looked at before its first one alone."""
        found = self.do(parts, self.now)
        self._dirty = True
        return found

    def _append(self, *arguments):
        log, head, predecessor, identifier, position, body = arguments
        held, new = self._get(head) or b"0-0 0", identifier + b" " + position
        if held == new:
            return [b"DUP", held]
        if held != predecessor:
            return [b"FENCED", held]
        self._call(b"XADD", log, identifier, b"p", predecessor, b"h", position, b"b", body)
        self._call(b"SET", head, new)
        return [b"OK", new]

    def _append_again(self, log, head, predecessor, *entries):
        held = self._get(head) or b"0-0 0"
        if held != predecessor:
            return [b"FENCED", held]
        for identifier, position, body in zip(entries[::3], entries[1::3], entries[2::3], strict=True):
            self._call(b"XADD", log, identifier, b"p", held, b"h", position, b"b", body)
            held = identifier + b" " + position
            self._call(b"SET", head, held)
        return [b"OK", held]

    def _lead(self, lease, term, head, *arguments):
        me, milliseconds, above = arguments
        held = self._get(lease)
        if held is not None and held != me:
            return [b"HELD", held]
        if held is not None:
            self._pexpire(lease, milliseconds)
            return [b"OK", self._get(term)]
        last = int((self._get(head) or b"0-0 0").split(b"-")[0])
        new = b"%d" % (max(int(self._get(term) or b"0"), last, int(above)) + 1)
        self._call(b"SET", lease, me, b"PX", milliseconds)
        self._call(b"SET", term, new)
        return [b"OK", new]

    def _renew(self, lease, me, milliseconds):
        held = self._get(lease)
        if held is None:
            self._call(b"SET", lease, me, b"PX", milliseconds)
            return [b"OK", me]
        if held != me:
            return [b"HELD", held]
        self._pexpire(lease, milliseconds, b"GT")
        return [b"OK", held]

    def _resign(self, lease, me):
        held = self._get(lease)
        if held == me:
            self._del(lease)
            return [b"OK", held]
        return [b"HELD", held or b""]

    def _restore(self, log, head, there, new):
        held = self._get(head) or b"0-0 0"
        if held != there:
            return [b"DUP" if held == new else b"FENCED", held]
        self._del(log)
        self._call(b"SET", head, new)
        return [b"OK", new]

    # ----------------------------------------------------------------------------------------------------

    def _of(self, key, kind, otherwise):
        held = self.values.get(key)
        if held is None:
            return otherwise
        if not isinstance(held, kind):
            raise RedisRefused("WRONGTYPE Operation against a key holding the wrong kind of value")
        return held


def _point(data, pointer, head, term, value):
    held = data._get(head) or b"0-0 0"
    if int(held.split(b"-")[0]) > int(term):
        return [b"FENCED", held]
    data._call(b"SET", pointer, value)
    return [b"OK", held]


PYTHON = {
    scripts.POINT: _point,
    scripts.APPEND: RedisData._append,
    scripts.APPEND_AGAIN: RedisData._append_again,
    scripts.LEAD: RedisData._lead,
    scripts.RENEW: RedisData._renew,
    scripts.RESIGN: RedisData._resign,
    scripts.RESTORE: RedisData._restore,
}
"""What each script of ours does with the data and its arguments. A script more is one more here."""


def _bytes(part):
    return part if isinstance(part, bytes) else str(part).encode()


def _id(text, number):
    """An id of an entry; ``number`` for the part after the dash where it has none."""
    text = text.removeprefix(b"(")
    if text in (b"-", b"+"):
        return (0, 0) if text == b"-" else (1 << 62, 1 << 62)
    first, _, second = text.partition(b"-")
    return int(first), int(second) if second else number


def _id_text(identifier):
    return b"%d-%d" % identifier


def _entries(entries):
    return [[_id_text(one), list(flat)] for one, flat in entries]


def _fields(flat):
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _size(held):
    if isinstance(held, Stream):
        return sum(sum(map(len, flat)) for _, flat in held.entries)
    return sum(map(len, held.values())) if isinstance(held, dict) else len(held)
