"""The rooms of the package: who may import whom, and what the market may not touch."""

import ast
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

import feed

PACKAGE = Path(feed.__file__).parent

# Room -> the rooms it may import besides itself, errors, settings and policies, which are free to all.
ROOMS = {
    "errors": set(),
    "policies": {"dialects"},  # finds the policy of each: modules that import nothing that speaks a protocol
    "settings": set(),
    "model": set(),
    "book": {"model"},
    "analytics": {"model", "book"},
    "state": {"model", "book", "analytics"},
    "scenario": {"model"},
    "recording": {"model"},
    "durability": {"model", "recording", "checkpoint"},
    "importers": {"model", "book", "recording", "dialects", "client"},
    "exporters": {"model", "book", "recording", "importers"},
    "config": {"model", "scenario"},
    "stream": {"model", "state"},
    "faults": {"model", "stream"},
    "webhooks": {"model"},
    "dialects": {
        "model",
        "book",
        "analytics",
        "state",
        "webhooks",
    },  # all pure: a dialect words what they compute
    "agents": {"model"},
    "checkpoint": set(),
    "page": set(),
    "sim": {"model", "book", "analytics", "agents", "checkpoint"},
    "server": {
        "model",
        "book",
        "analytics",
        "state",
        "scenario",
        "recording",
        "config",
        "stream",
        "faults",
        "dialects",
        "sim",
        "webhooks",
        "agents",
        "checkpoint",
        "durability",
        "page",
    },
    "client": {"model", "book", "dialects"},
}
ROOMS["cluster"] = ROOMS["server"] | {"server"}
ROOMS["testing"] = set(ROOMS) - {"cluster"}
ROOMS["cli"] = set(ROOMS)
ROOMS["pytest_plugin"] = {"testing"}
ROOMS["__main__"] = ROOMS["__init__"] = {*ROOMS}
MAY_ALSO = {"sim.runner": {"stream"}}

PROTOCOLS = {f"dialects.{path.parent.name}" for path in (PACKAGE / "dialects").glob("*/__init__.py")}
PROTOCOL_NAME = re.compile(
    rf"(?<![a-z])(?:{'|'.join(one.rpartition('.')[2] for one in sorted(PROTOCOLS, reverse=True))})(?![a-z])",
    re.IGNORECASE,
)

# Strings outside the folder of a protocol that may name it all the same, by module, and why. There is none in
# the command line, whose docstrings are read by its users too.
NAMED = {
    "server.keyfile": "an example in a message",
    "importers.tradyn": "a recorded format",
    "importers.binance": "a recorded format",
    "importers.binance_files": "a recorded format",
    "importers.coinbase": "a recorded format",
    "importers.kraken": "a recorded format",
    "sim.defaults": "a venue",
    "sim.listing": "a venue",
}

# Room -> the libraries it may import besides attrs. The rooms that are not named may import any.
LIBRARIES = dict.fromkeys(
    ("errors", "policies", "settings", "model", "book", "analytics", "stream", "sim", "webhooks", "agents"),
    frozenset(),
)
LIBRARIES["page"] = frozenset()
LIBRARIES["dialects"] = frozenset({"cattrs", "msgspec"})
LIBRARIES["stream"] = frozenset({"msgspec"})
LIBRARIES["config"] = frozenset({"cattrs"})
LIBRARIES["faults"] = frozenset({"structlog"})
LIBRARIES["scenario"] = LIBRARIES["dialects"]
LIBRARIES["recording"] = LIBRARIES["dialects"] | {"zstandard"}
LIBRARIES["durability"] = LIBRARIES["dialects"]
LIBRARIES["checkpoint"] = frozenset({"msgspec", "zstandard"})
LIBRARIES["importers"] = LIBRARIES["recording"] | {"databento_dbn"}
LIBRARIES["exporters"] = LIBRARIES["importers"] | {"pyarrow"}

TRIO = {"trio", "trio_websocket", "anyio"}
TRIO_PLACES = re.compile(
    r"(sim\.runner|stream\.(fanout|resettable_event|source)|faults\.(transport|runtime)|server|cluster|client|testing|cli|__init__)(\.|$)"
)

# Above these nothing may depend on the wall clock, on the machine or on the run.
DETERMINISTIC = set(ROOMS) - {
    "server",
    "cluster",
    "client",
    "testing",
    "pytest_plugin",
    "cli",
    "__init__",
    "__main__",
}
UNREPEATABLE = re.compile(
    r"time\.(time|time_ns|localtime|ctime)|datetime\.(datetime|date)\.(now|utcnow|today)"
    r"|uuid\.uuid[14]|os\.(urandom|getrandom)|secrets\..+|random\.([a-z]\w*|SystemRandom)"
)
# libm rounds differently from machine to machine, and so would the market.
MARKET = {"model", "book", "sim", "agents"}
LIBM = re.compile(
    r"c?math\.(a?(sin|cos|tan)h?|atan2|exp2?|expm1|log(2|10|1p)?|pow|cbrt|hypot|dist|erfc?|l?gamma)"
)
DRAWS = re.compile(r"(gauss|normal|lognorm|expo|pareto|weibull|vonmises|gamma|beta)(variate)?")
PRICE = re.compile(r"(.*_)?(price|prices|bid|ask|tick_size)")
SET_KIND = re.compile(r"(set|frozenset|Set|AbstractSet|MutableSet)\b")
KEEPS_ORDER = ("list", "tuple", "iter", "next", "enumerate", "map", "filter", "zip", "join", "extend")
LONGEST_MODULE = 400  # lines


def findings(module: str, source: str) -> list[str]:
    """Everything that breaks a rule in one module, such as ``sim.engine:12: time.time``."""
    tree = ast.parse(source)
    room = module.split(".", maxsplit=1)[0]
    found = [*imports(module, room, tree), *(() if module in NAMED else names_of_protocols(module, tree))]
    if room in DETERMINISTIC:
        found += [*unrepeatable(room, tree), *float_prices(tree), *iterated_sets(tree)]
    if (lines := source.count("\n")) > LONGEST_MODULE:
        found.append((1, f"{lines} lines"))
    return [f"{module}:{line}: {what}" for line, what in sorted(found)]


def imported(module: str, tree: ast.AST) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Line and full dotted name of whatever a module of ``feed`` imports, and the name that it binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                top = name.name.split(".", maxsplit=1)[0]
                yield node.lineno, name.name, {name.asname: name.name} if name.asname else {top: top}
        elif isinstance(node, ast.ImportFrom):
            above = ["feed", *module.split(".")][: -node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for name in node.names:
                full = f"{origin}.{name.name}"
                yield node.lineno, full, {name.asname or name.name: full}


def imports(module: str, room: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Imports that point up, sideways, or at a library that the room may not use."""
    if room not in ROOMS:
        yield 1, f"{room} is no room"
        return
    rooms = {"errors", "policies", "settings", room, *ROOMS[room], *MAY_ALSO.get(module, ())}
    libraries = {"attr", "attrs", *LIBRARIES.get(room, ())}
    for line, name, _ in imported(module, tree):
        library, *inside = name.split(".")
        if library == "feed":
            up = inside[:1] != [] and inside[0] in ROOMS and inside[0] not in rooms
            # A protocol is found by discovery: whoever names one must be changed for the next.
            protocol = ".".join(inside[:2])
            wrong = up or (protocol in PROTOCOLS and not f"{module}.".startswith(f"{protocol}."))
        elif library in TRIO:
            wrong = not TRIO_PLACES.match(module)
        else:
            wrong = room in LIBRARIES and library not in sys.stdlib_module_names and library not in libraries
        if wrong:
            yield line, f"imports {name if library == 'feed' else library}"


def names_of_protocols(module: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Strings that name a protocol outside its folder; those that nothing is done with are documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    if module.startswith("cli."):  # what is printed as help
        documentation = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            for name in PROTOCOL_NAME.findall(node.value):
                # One exchange may have several protocols, of which the longer name has the shorter one in it.
                if not module.startswith(f"dialects.{name.lower()}"):
                    yield node.lineno, f"names {name}"


def unrepeatable(room: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Clocks, randomness without a seed, and libm on the market's path, however they were imported."""
    names = {local: full for *_, bound in imported("", tree) for local, full in bound.items()}
    market = room in MARKET
    for node in ast.walk(tree):
        match node:
            case ast.Name() | ast.Attribute():
                name = dotted(node, names)
                if UNREPEATABLE.fullmatch(name) or (market and LIBM.fullmatch(name)):
                    yield node.lineno, name
                elif market and DRAWS.fullmatch(getattr(node, "attr", "")):
                    yield node.lineno, node.attr
            case (
                ast.BinOp(op=ast.Pow(), left=ast.Constant(value=float()))
                | ast.BinOp(op=ast.Pow(), right=ast.Constant(value=float()))
            ) if market:
                yield node.lineno, "** of a float"


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Full name of ``a.b.c``, with ``a`` as it was imported; empty for what is no import."""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    return ""


def float_prices(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Floats given to, or annotated on, a name that says it is a price."""
    for node in ast.walk(tree):
        pairs: list[tuple[ast.AST | str, ast.AST | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(node.target, node.value), (node.target, node.annotation)]
        elif isinstance(node, ast.AugAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.keyword):
            pairs = [(node.arg or "", node.value)]
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            named = [*positional, *node.kwonlyargs]
            defaults = [None] * (len(positional) - len(node.defaults)) + [*node.defaults, *node.kw_defaults]
            pairs = [*((one.arg, one.annotation) for one in named)]
            pairs += zip((one.arg for one in named), defaults, strict=True)
        for target, value in pairs:
            name = target if isinstance(target, str) else getattr(target, "id", getattr(target, "attr", ""))
            if value is not None and PRICE.fullmatch(name) and has_float(value):
                yield value.lineno, f"float {name}"


def has_float(node: ast.AST) -> bool:
    return any(
        (isinstance(part, ast.Constant) and isinstance(part.value, float))
        or (isinstance(part, ast.Name) and part.id == "float")
        for part in ast.walk(node)
    )


def iterated_sets(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Sets whose order, which differs from run to run, comes out: in a loop, a list, a joined text."""
    known = set_names(tree)
    for node in ast.walk(tree):
        match node:
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                sources = [node.iter]
            case ast.Starred():
                sources = [node.value]
            case ast.Call(func=ast.Attribute(attr="pop"), args=[]):
                sources = [node.func.value]
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in KEEPS_ORDER:
                sources = node.args
            case _:
                sources = []
        yield from (
            (one.lineno, f"order of a set, {ast.unparse(one)}") for one in sources if is_set(one, known)
        )


def is_set(node: ast.AST, known: set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
            return is_set(node.left, known) or is_set(node.right, known)
        case ast.Name() | ast.Attribute():
            return ast.unparse(node) in known
    return False


def set_names(tree: ast.AST) -> set[str]:
    """Names and attributes that are annotated as a set, or only ever given one."""
    sets, others = set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=target, annotation=kind):
                given = {ast.unparse(target): SET_KIND.match(ast.unparse(kind))}
            case ast.arg(arg=name, annotation=ast.AST() as kind):
                given = {name: SET_KIND.match(ast.unparse(kind))}
            case ast.Assign(targets=targets, value=value):
                given = {ast.unparse(target): is_set(value, set()) for target in targets}
            case _:
                given = {}
        for name, yes in given.items():
            (sets if yes else others).add(name)
    return sets - others


MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_its_room(module):
    """No module imports upwards, reads a clock, or lets the order of a set out."""
    assert findings(module, MODULES[module].read_text(encoding="utf-8")) == []


def arrows(module: str, source: str, modules: Collection[str]) -> set[str]:
    """The modules of the package that a module imports by name, those for type checkers among them."""
    found = set()
    # Of a package, what is imported beside it stands one step nearer.
    inside = f"{module}.__init__" if MODULES.get(module, Path()).name == "__init__.py" else module
    for _, name, _ in imported(inside, ast.parse(source)):
        if name.startswith("feed."):
            inner = name.removeprefix("feed.")
            found.add(inner if inner in modules else inner.rpartition(".")[0])
    return found & {*modules} - {module}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every group of modules of which each imports every other, directly or by way of others."""

    def reached(module: str) -> set[str]:
        found: set[str] = set()
        waiting = [*graph[module]]
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting += graph[one]
        return found

    down = {module: reached(module) for module in graph}
    together = {
        tuple(sorted(other for other in down[module] if module in down[other]))
        for module in graph
        if module in down[module]
    }
    return [list(group) for group in sorted(together)]


def test_imports_make_no_circle():
    """Arrows between modules only point down, those for type checkers too."""
    graph = {
        module: arrows(module, path.read_text(encoding="utf-8"), MODULES) for module, path in MODULES.items()
    }
    assert circles(graph) == []


def test_a_circle_is_found():
    """Each circle is told once, with all of its modules; what merely leads to one is no part of it."""
    sources = {
        "a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from feed.b import x",
        "b": "from feed import c",
        "c": "def f():\n    import feed.a",
        "d": "from feed.a import x\nimport ast",
    }
    assert circles({module: arrows(module, text, sources) for module, text in sources.items()}) == [
        ["a", "b", "c"]
    ]


@pytest.mark.parametrize("module", [one for one in MODULES if re.fullmatch(r"dialects\.\w+\.policy", one)])
def test_a_policy_needs_no_code_of_its_protocol(module):
    """Settings import it: whatever it imported, every program that reads settings would."""
    down = arrows(module, MODULES[module].read_text(encoding="utf-8"), MODULES)
    assert {one.split(".")[0] for one in down} <= {"errors", "model"}


@pytest.mark.parametrize("module", NAMED)
def test_no_exception_is_out_of_date(module):
    """What may name a protocol does."""
    assert [*names_of_protocols(module, ast.parse(MODULES[module].read_text(encoding="utf-8")))]


def test_every_module_is_read():
    """The test above sees the package, and no empty folder in its place."""
    assert {"__init__", "errors", "settings", "model.events"} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "source", "finding"),
    [
        ("model.events", "import feed.book", "imports feed.book"),
        ("book.book", "from feed.stream import hub", "imports feed.stream.hub"),
        ("book.book", "from ..sim import engine", "imports feed.sim.engine"),
        ("book.book", "from . import views, x\nfrom .. import cli", "imports feed.cli"),
        ("sim.engine", "from feed.stream import sequencer", "imports feed.stream.sequencer"),
        ("client.connect", "from feed.server import keys", "imports feed.server.keys"),
        ("server.serve", "from feed.cli import main", "imports feed.cli.main"),
        ("errors", "from feed.model import events", "imports feed.model.events"),
        ("attic.junk", "", "attic is no room"),
        ("dialects.other.session", "from feed.dialects.tradyn import x", "imports feed.dialects.tradyn.x"),
        ("server.serve", "import feed.dialects.tradyn", "imports feed.dialects.tradyn"),
        ("server.http.tradyn.x", "from feed.dialects.tradyn import x", "imports feed.dialects.tradyn.x"),
        ("server.keys", 'GOOD_FOR = ("marketai",)', "names marketai"),
        ("dialects.rails.rest.token", 'group = "Tradyn"', "names Tradyn"),
        ("cli.record", 'def f():\n    """As Rails does."""', "names Rails"),
        ("dialects.tradyn.session", "import trio", "imports trio"),
        ("sim.engine", "def f():\n    import trio", "imports trio"),
        ("stream.history", "from trio import sleep", "imports trio"),
        ("model.events", "import msgspec", "imports msgspec"),
        ("sim.engine", "import time\ntime.time()", "time.time"),
        ("sim.engine", "import time as t\nf = t.time_ns", "time.time_ns"),
        ("stream.fanout", "from time import time\ntime()", "time.time"),
        ("dialects.tradyn.session", "from datetime import datetime as d\nd.now()", "datetime.datetime.now"),
        (
            "dialects.tradyn.session",
            "import datetime\ndatetime.datetime.utcnow()",
            "datetime.datetime.utcnow",
        ),
        ("book.book", "from uuid import uuid4\nuuid4()", "uuid.uuid4"),
        ("sim.engine", "import random\nrandom.random()", "random.random"),
        ("sim.engine", "from random import choice\nchoice([1])", "random.choice"),
        ("sim.engine", "import os.path\nos.urandom(8)", "os.urandom"),
        ("sim.engine", "import math\nmath.log(2)", "math.log"),
        ("sim.engine", "def f(rng):\n    return rng.expovariate(1)", "expovariate"),
        ("sim.engine", "def f(x):\n    return x ** 0.5", "** of a float"),
        ("book.book", "price = 1.5", "float price"),
        ("book.book", "def f(best_bid: float): ...", "float best_bid"),
        ("book.book", "def f(*, size, ask=0.1): ...", "float ask"),
        ("book.book", "f(price=2 * 1.1)", "float price"),
        ("book.book", "self.price += 0.5", "float price"),
        ("stream.hub", "for x in {1, 2}: ...", "order of a set, {1, 2}"),
        ("stream.hub", "[x for x in set(y)]", "order of a set, set(y)"),
        ("stream.hub", "list(set(a) | b)", "order of a set, set(a) | b"),
        ("stream.hub", "','.join({x for x in y})", "order of a set, {x for x in y}"),
        ("stream.hub", "self.members = set()\nfor m in self.members: ...", "order of a set, self.members"),
        ("stream.hub", "def f(topics: set[int]):\n    return [*topics]", "order of a set, topics"),
        ("stream.hub", "waiting: set[int] = set()\nwaiting.pop()", "order of a set, waiting"),
        ("cli.main", "\n" * 401, "401 lines"),
    ],
)
def test_a_broken_rule_is_found(module, source, finding):
    """Each rule finds the code it is there for, and finds nothing else in it."""
    assert [one.split(": ", 1)[1] for one in findings(module, source)] == [finding]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sim.runner", "import trio\nfrom feed.stream import sequencer"),
        ("stream.fanout", "import trio\nimport time\ntime.monotonic()"),
        ("server.keys", "import trio, cattrs, time\ntime.time()\nfor x in {1}: ..."),
        ("dialects.tradyn.session", "import msgspec\nfrom feed.dialects import contract"),
        ("server.x", '"""As Rails does."""\nguard = "guides and guardrails"'),
        ("dialects.rails.rest.token", 'group = "Rails"'),
        ("analytics.depth", "from feed.book import views\nfrom feed.errors import FeedError"),
        ("sim.engine", "import random, math\nrng = random.Random('a')\nrng.random()\nmath.sqrt(2) + 10 ** 3"),
        ("book.book", "price: int = 1\ntick_seconds = 0.5\nspread: float = 1.5"),
        ("stream.hub", "n = len({1, 2})\nx = sorted(set(y))\nz = 1 in {1, 2}\nqueue = []\nqueue.pop()"),
        ("stream.hub", "def f(a: list):\n    a = set(a)\n    for x in a: ..."),
        ("cli.main", "\n" * 400),
    ],
)
def test_sound_code_passes(module, source):
    """What the rules allow is not reported."""
    assert findings(module, source) == []
