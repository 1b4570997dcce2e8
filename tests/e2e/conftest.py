import fcntl
import json
import re
import shutil
import subprocess
from pathlib import Path

import browser
import pytest

CLIENTS = Path(__file__).parent / "clients"
NODE_PACKAGES = ("ws@8", "wscat@6")
# Quiet, as nobody watches; and no word to anybody but the server under test.
BROWSER_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr",
)
CONSOLE = re.compile(r':CONSOLE:\d+\] "(.*)", source: ')
# What a page needs around a program that was written as if it were Node's: an environment, and a
# console that shows objects.
PAGE = """<!doctype html><script>
const process = {{env: {env}}};
const write = console.log;
console.log = (...shown) => write(...shown.map((item) => JSON.stringify(item)));
{before}
</script><script>
{program}
</script>"""


@pytest.fixture(scope="session")
def node(pytestconfig):
    """Node with ``ws`` and ``wscat``: the program, and the folder that the packages are in."""
    return node_with(pytestconfig, "node", NODE_PACKAGES)


@pytest.fixture(scope="session")
def newman(pytestconfig):
    """The command that runs a Postman collection."""
    program, folder = node_with(pytestconfig, "newman", ("newman@6",))
    return program, folder / "node_modules" / "newman" / "bin" / "newman.js"


def node_with(pytestconfig, name, packages):
    """Node, and a folder with packages that are installed there unless they are; skips where that fails."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        pytest.skip("node or npm is not installed")
    folder = pytestconfig.cache.mkdir(name)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes of the tests have the same folder
        if not all((folder / "node_modules" / each.split("@")[0]).exists() for each in packages):
            command = [npm, "install", "--no-audit", "--no-fund", "--prefix", folder, *packages]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
            except subprocess.TimeoutExpired:
                pytest.skip("npm did not answer")
            if done.returncode:
                names = " and ".join(packages)
                pytest.skip(f"npm cannot install {names}: {done.stderr.strip().splitlines()[-1:]}")
    return program, folder


@pytest.fixture
def browse(run, tmp_path):
    """
    Opens a page with a program in a browser without a window; gives its console, line by line.

    Each line is the list of what one ``console.log`` showed. ``before`` is a program that runs first,
    ``options`` are the browser's.
    """
    chromium = browser.program()
    if chromium is None:
        pytest.skip("no Chromium is installed")

    def start(program, *options, before="", **env):
        page = tmp_path / "page.html"
        page.write_text(PAGE.format(program=program, before=before, env=json.dumps(env)))
        command = [chromium, *BROWSER_OPTIONS, f"--user-data-dir={tmp_path / 'browser'}", *options]
        # The console is among what it writes to stderr.
        process = run("sh", "-c", 'exec "$@" 2>&1', "sh", *command, page.as_uri())
        while True:
            if found := CONSOLE.search(process.line()):
                yield found[1]

    return start
