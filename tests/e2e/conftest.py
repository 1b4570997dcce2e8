import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue

import pytest

# Nobody waits so long but for what never comes: a machine may be busy.
PATIENCE_SECONDS = 60
CLIENTS = Path(__file__).parent / "clients"
NODE_PACKAGES = ("ws@8", "wscat@6")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
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


class Process:
    """
    A process whose output is read as it comes.

    Attributes:
        process: The process itself.
    """

    def __init__(self, *command, stdin=None):
        self.process = subprocess.Popen(
            [*map(str, command)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._lines = Queue()
        self._errors = []
        self._readers = [
            threading.Thread(target=self._read, args=args, daemon=True)
            for args in ((self.process.stdout, self._lines.put), (self.process.stderr, self._errors.append))
        ]
        for reader in self._readers:
            reader.start()

    def line(self):
        """The next line of its output, within the patience of a test."""
        try:
            return self._lines.get(timeout=PATIENCE_SECONDS).rstrip("\n")
        except Empty:
            raise AssertionError(f"no output; errors: {self.errors}") from None

    def rest(self):
        """Exit code and what is left of its output, once it has ended."""
        code = self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return code, [self._lines.get().rstrip("\n") for _ in range(self._lines.qsize())]

    @property
    def errors(self):
        """What it has written to stderr so far."""
        return "".join(self._errors)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()

    @staticmethod
    def _read(pipe, put):
        for line in pipe:
            put(line)


@pytest.fixture
def run():
    """Starts processes, and ends them with the test."""
    started = []

    def start(*command, **options):
        started.append(Process(*command, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def feed(run):
    """Runs ``feed`` with arguments."""
    return lambda *arguments: run(sys.executable, "-m", "feed", *arguments)


@pytest.fixture
def serve(feed, tmp_path):
    """Starts ``feed serve`` on a free port and waits until it is ready; gives the process and its URL."""

    def start(*options):
        port_file = tmp_path / f"port-{len(list(tmp_path.iterdir()))}"
        server = feed("serve", "--port", 0, "--port-file", port_file, *options)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not port_file.exists():
            assert server.process.poll() is None, server.errors
            assert time.monotonic() < deadline, server.errors
            time.sleep(0.01)
        return server, f"ws://127.0.0.1:{port_file.read_text().strip()}"

    return start


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
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no Chromium is installed")

    def start(program, *options, before="", **env):
        page = tmp_path / "page.html"
        page.write_text(PAGE.format(program=program, before=before, env=json.dumps(env)))
        command = [browser, *BROWSER_OPTIONS, f"--user-data-dir={tmp_path / 'browser'}", *options]
        # The console is among what it writes to stderr.
        process = run("sh", "-c", 'exec "$@" 2>&1', "sh", *command, page.as_uri())
        while True:
            if found := CONSOLE.search(process.line()):
                yield found[1]

    return start
