"""``compose.yaml``: its servers start with what our own command line takes, and are told of each other."""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from feed.cli.main import feed
from feed.cluster.edge import check
from feed.cluster.redis.url import parse_redis_url

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVERS = [name for name, service in COMPOSE["services"].items() if "build" in service]
PASSWORD = "hush"


def said(name):
    """What the command of a server's container is, and its environment."""
    service = COMPOSE["services"][name]
    (entry,) = re.findall(r"ENTRYPOINT (\[.*\])", service["build"]["dockerfile_inline"])
    environment = {
        key: value.replace("${REDIS_PASSWORD:?}", PASSWORD) for key, value in service["environment"].items()
    }
    return [*yaml.safe_load(entry), *service["command"]], environment


def settings_of(name, monkeypatch):
    """The settings that a server would have."""
    command, environment = said(name)
    assert command[:2] == ["feed", "serve"]
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    found = []
    monkeypatch.setattr("feed.cli.serve.run", lambda given: found.append(given.settings))
    done = CliRunner().invoke(feed, command[1:], standalone_mode=False)
    assert done.exception is None, done.output
    return found[0]


@pytest.mark.parametrize("name", SERVERS)
def test_the_command_line_takes_what_a_server_is_started_with(name, monkeypatch):
    """Every option and variable; and it names the log by a URL whose password is not shown."""
    settings = settings_of(name, monkeypatch)
    place = settings.cluster.log or settings.cluster.follow
    url = parse_redis_url(place)
    assert (url.host, url.name, url.password) == ("redis", "market", PASSWORD)
    assert PASSWORD not in repr(settings)
    assert settings.tokens.key == Path("/run/secrets/token_key")
    if settings.cluster.follow:
        check(settings)


def test_there_are_a_sequencer_a_standby_and_two_edges_and_all_are_watched():
    """Prometheus asks each by the name that it accepts, at the port where it listens."""
    followed = ["FEED_FOLLOW" in said(name)[1] for name in SERVERS]
    assert followed.count(True) == 2
    assert [name for name in SERVERS if "--standby" in said(name)[0]] == ["standby"]
    assert [name for name in SERVERS if "--data" in said(name)[0]] == ["sequencer"]
    config = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    (scraped,) = config["scrape_configs"]
    targets = [target for one in scraped["static_configs"] for target in one["targets"]]
    assert sorted(targets) == sorted(f"{name}:8080" for name in SERVERS)
    for name in SERVERS:
        command, _ = said(name)
        assert command[command.index("--allow-host") + 1] == name
        assert command[command.index("--port") + 1] == "8080"


def test_what_services_name_is_there():
    """Volumes, secrets and other services."""
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in COMPOSE["volumes"]
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
