"""From the name of a class in a scenario file to an agent, and to one clear line where that cannot be."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from feed.agents.loading import code_digest
from feed.errors import ConfigError
from feed.model.agents import AgentSpec
from feed.scenario.reader import parse_scenario
from feed.server.run_spec import MARKETS, parsed

HEAD = """\
format = 1
name = "one"
start = 2024-03-06T14:30:00Z
duration = "1s"
[market]
count = 1
"""
GOOD = """
from feed.agents import Agent

class Good(Agent):
    def __init__(self, size, side="buy"):
        if size < 1:
            raise ValueError("size is at least 1")
        self.size = size

something = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with modules beside a scenario file; what is imported from there is forgotten afterwards."""
    known = set(sys.modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "own_good.py").write_text(GOOD, encoding="utf-8")
    (tmp_path / "own_broken.py").write_text("raise LookupError('no data')", encoding="utf-8")
    (tmp_path / "own_typo.py").write_text("x = = 1\n", encoding="utf-8")
    (tmp_path / "own_needy.py").write_text("import not_installed_anywhere", encoding="utf-8")
    yield tmp_path
    for name in [name for name in sys.modules if name not in known and name.startswith("own_")]:
        del sys.modules[name]


def read(folder, *lines, head=HEAD):
    text = "\n".join([head, "[[market.agents]]", *lines])
    return parsed(text, name=str(folder / "one.toml"))


def complaint(folder, *lines):
    with pytest.raises(ConfigError) as caught:
        read(folder, *lines)
    return str(caught.value).removeprefix(str(folder / "one.toml"))


def test_a_scenario_names_a_class_beside_it(folder):
    """With parameters, latencies and instruments."""
    scenario = read(
        folder,
        'participant = "own_good:Good"',
        'name = "seller"',
        "parameters = { size = 3 }",
        'instruments = ["EURUSD"]',
        'data_latency = "3ms"',
        'order_latency = "250us"',
    )
    assert scenario.market.agents == (
        AgentSpec(
            participant="own_good:Good",
            name="seller",
            parameters={"size": 3},
            instruments=("EURUSD",),
            data_latency=3_000_000,
            order_latency=250_000,
        ),
    )


AT = ":9: market.agents[0].participant: "
GOOD_ONE = 'participant = "own_good:Good"'


@pytest.mark.parametrize(
    ("participant", "line"),
    [
        (
            "own_goot:Good",
            "there is no module own_goot; it must be installed, or stand beside the scenario",
        ),
        ("own_good:Goot", "own_good has no Goot; did you mean Good?"),
        (
            "own_good:Other",
            "own_good has no Other; allowed: a module and a class in it, such as my_package:",
        ),
        (
            "own_good:something",
            "own_good:something is no agent; its class must derive from feed.agents.Agent",
        ),
        ("own_needy:Any", "there is no module not_installed_anywhere; own_needy imports it"),
        (
            "own_broken:Any",
            "own_broken cannot be imported: LookupError: no data; see own_broken.py:1",
        ),
        (
            "own_typo:Any",
            "own_typo cannot be imported: SyntaxError: invalid syntax (own_typo.py",
        ),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(folder, participant, line):
    """With the line of the file, and what to do."""
    said = complaint(folder, f'participant = "{participant}"')
    assert said.startswith(AT + line)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ("{}", "do not fit: missing a required argument: 'size'; Good takes size, side"),
        (
            "{ size = 1, sise = 2 }",
            "do not fit: got an unexpected keyword argument 'sise'; Good takes size, side",
        ),
    ],
)
def test_parameters_are_those_of_the_class(folder, parameters, line):
    """Before anything runs."""
    said = complaint(folder, GOOD_ONE, f"parameters = {parameters}")
    assert said == f"{AT}its parameters {line}"


def test_what_the_class_says_of_its_parameters_is_passed_on(folder):
    """With where it says so."""
    said = complaint(folder, GOOD_ONE, "parameters = { size = 0 }")
    assert said == f"{AT}cannot be made: ValueError: size is at least 1; see own_good.py:7"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["parameters = 3"], ":10: market.agents[0].parameters: found 3; allowed: a table"),
        (['data_latency = "0s"'], ":10: market.agents[0].data_latency: found 0; allowed: >= 1"),
        (["latency = 3"], ":10: market.agents[0].latency: unknown key; did you mean data_latency?"),
        (
            ["parameters = { size = 1 }", 'instruments = ["EURUSS"]'],
            ':11: market.agents[0].instruments: found "EURUSS"; allowed: EURUSD',
        ),
    ],
)
def test_the_rest_of_its_table_is_checked_too(folder, lines, said):
    """As every table of a scenario is."""
    assert complaint(folder, GOOD_ONE, *lines).replace("did you mean EURUSD?", "allowed: EURUSD") == said


def test_a_participant_is_a_module_and_a_class(folder):
    """And is needed."""
    assert complaint(folder, 'participant = "nothing"') == (
        ':9: market.agents[0].participant: found "nothing"; allowed: a module and a class in it, such as '
        "my_package:MyAgent"
    )
    assert complaint(folder, 'name = "it"') == ":8: market.agents[0]: participant is missing"


def test_two_agents_of_one_name_are_refused(folder):
    """Their random bits would be the same."""
    agent = ['participant = "own_good:Good"', "parameters = { size = 1 }", 'name = "it"']
    said = complaint(folder, *agent, "[[market.agents]]", *agent)
    assert said == ':15: market.agents[1].name: found "it"; another agent has that name'


def test_a_module_of_the_same_name_elsewhere_is_refused(folder, tmp_path_factory):
    """Another one that is known already would be taken without a word."""
    read(folder, 'participant = "own_good:Good"', "parameters = { size = 1 }")
    other = tmp_path_factory.mktemp("other")
    (other / "own_good.py").write_text(GOOD, encoding="utf-8")
    said = complaint(other, 'participant = "own_good:Good"', "parameters = { size = 1 }")
    assert said.endswith("own_good.py, not the one beside the file; give it another name")


def test_a_text_that_is_not_the_operators_may_name_no_code(folder):
    """Nothing is imported: the reader has to be told how."""
    text = HEAD + '[[market.agents]]\nparticipant = "own_broken:Any"\n'
    with pytest.raises(ConfigError, match="names code that is to run; only a file of the operator's own may"):
        parse_scenario(text, MARKETS, name=str(folder / "one.toml"))
    assert "own_broken" not in sys.modules


def test_a_file_in_the_working_folder_needs_no_path(folder, monkeypatch):
    """``one.toml`` stands in ``.``."""
    monkeypatch.chdir(folder)
    text = HEAD + '[[market.agents]]\nparticipant = "own_good:Good"\nparameters = { size = 1 }\n'
    assert parsed(text, name="one.toml").market.agents
    assert Path(sys.path[-1]) == folder.resolve()


def test_changed_code_of_an_agent_is_other_code(folder):
    """Of its module, or of its package; what is of this package has an engine of its own."""
    package = folder / "own_package"
    package.mkdir()
    for name in ("__init__.py", "one.py", "two.py"):
        (package / name).write_text("", encoding="utf-8")
    sys.path.append(str(folder))
    import_module("own_good")
    import_module("own_package.one")
    both = ("own_good:Good", "own_package.one:One")
    digests = [code_digest(both), code_digest(reversed(both)), code_digest((*both, "feed.agents.twap:Twap"))]
    assert digests[0] == digests[1] == digests[2] != ""
    (package / "two.py").write_text("pass", encoding="utf-8")
    digests.append(code_digest(both))
    (folder / "own_good.py").write_text(f"{GOOD}\n# more", encoding="utf-8")
    digests.append(code_digest(both))
    assert len(set(digests)) == 3
    assert code_digest(["feed.agents.twap:Twap"]) == code_digest([]) == ""
