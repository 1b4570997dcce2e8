"""
A real browser in tests: Chromium without a window, spoken to by the Chrome DevTools Protocol.

Source: https://chromedevtools.github.io/devtools-protocol/. One browser serves many tests, each in a
browser context of its own, with its own storage and cookies. Whoever waits for a command reads events too:
nothing runs beside the test.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.sync.client import connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FOREIGN = "evil.test"
"""A name that the browser believes to be this machine: of a page that has rebound its name to it."""
# Quiet, as nobody watches; and no word to anybody but the server under test.
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)
PATIENCE_SECONDS = 30
FRAMES = ("devtools.timeline", "disabled-by-default-devtools.timeline.frame", "cc", "benchmark")
"""Categories of a trace from which times of frames are read."""
# Windows virtual key codes; a letter's and a digit's is that of its capital.
KEYS = {"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "PageUp": 33, "PageDown": 34, "End": 35}
KEYS |= {"Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46}
TYPED = {"Enter": "\r", "Tab": ""}
MODIFIERS = {"alt": 1, "ctrl": 2, "meta": 4, "shift": 8}
UNTIL = """new Promise((done) => {
  const end = performance.now() + 500;
  const look = () => {
    let found = null;
    try { found = (%s); } catch { found = null; }
    if (found || performance.now() > end) { done(found || null); } else { setTimeout(look, 10); }
  };
  look();
})"""


class DevtoolsError(Exception):
    """The browser refuses a command."""


def program():
    """Where Chromium is; None where it is not installed."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def started(*options, begin=()):
    """
    A :class:`Browser`, ended with all of its processes.

    Args:
        options: Of the browser, beside :data:`OPTIONS`.
        begin: A command that runs it, such as ``taskset -c 1``.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        command = [*begin, program(), *OPTIONS, *options, f"--user-data-dir={folder}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet)
        stack.callback(_end, process)
        place = folder / "DevToolsActivePort"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(said := place.read_text().split() if place.exists() else []) < 2:
            assert process.poll() is None, "the browser has ended"
            assert time.monotonic() < deadline, "the browser does not start"
            time.sleep(0.01)
        # The queue is read only while somebody waits for a command.
        unbounded = {"max_size": None, "max_queue": None, "ping_interval": None, "compression": None}
        socket = stack.enter_context(connect(f"ws://127.0.0.1:{said[0]}{said[1]}", **unbounded))
        browser = Browser(socket, process.pid)
        yield browser
        with suppress(Exception):
            browser.send("Browser.close")
            process.wait(5)


def _end(process):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE_SECONDS)


class Browser:
    """
    A browser that runs.

    Attributes:
        pid: Of its first process.
    """

    def __init__(self, socket, pid):
        self.pid = pid
        self._socket = socket
        self._last = 0
        self._answers = {}
        self._tabs = {}
        self._own = []  # events of the browser itself

    def send(self, method, *, session=None, seconds=PATIENCE_SECONDS, **params):
        """Send a command and wait for its answer; raises :class:`DevtoolsError` where it is refused."""
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps(message if session is None else message | {"sessionId": session}))
        self._read(lambda: number in self._answers, method, seconds)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise DevtoolsError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    @contextmanager
    def tab(self, width=1280, height=800):
        """An empty tab, alone in a fresh browser context; closed at the end."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        try:
            target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
            session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            tab = self._tabs[session] = Tab(self, session)
            tab.begin(width, height)
            yield tab
            self._tabs.pop(session, None)
        finally:
            self.send("Target.disposeBrowserContext", browserContextId=context)

    def traced(self, seconds, categories=FRAMES):
        """What the browser's own tracing tells of the next ``seconds``: a list of trace events."""
        self.send(
            "Tracing.start", transferMode="ReturnAsStream", traceConfig={"includedCategories": [*categories]}
        )
        self.listen(seconds)
        self.send("Tracing.end")
        self._own.clear()
        whole = "Tracing.tracingComplete"
        self._read(lambda: any(one["method"] == whole for one in self._own), "Tracing.end", 60)
        stream = next(one["params"]["stream"] for one in self._own if one["method"] == whole)
        parts = []
        while not parts or not parts[-1]["eof"]:
            parts.append(self.send("IO.read", handle=stream, size=1 << 24))
        self.send("IO.close", handle=stream)
        told = json.loads("".join(part["data"] for part in parts))
        return told["traceEvents"] if isinstance(told, dict) else told

    def listen(self, seconds):
        """Take in events for so long."""
        with suppress(TimeoutError):
            self._read(lambda: False, "nothing", seconds)

    def _read(self, enough, what, seconds):
        deadline = time.monotonic() + seconds
        while not enough():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no answer to {what} within {seconds} s")
            message = json.loads(self._socket.recv(timeout=left))
            if "id" in message:
                self._answers[message["id"]] = message
            elif tab := self._tabs.get(message.get("sessionId")):
                tab.heard(message["method"], message["params"])
            else:
                self._own.append(message)
                del self._own[:-100]


class Tab:
    """
    A tab.

    Attributes:
        console: What the page has written to its console, line by line.
        errors: What went wrong in it: errors of the console, exceptions, refusals of the browser, crashes.
        requests: URLs that it has asked for, those of WebSockets among them; after :meth:`watch_network`.
        statuses: Status of the last answer by URL; as above.
    """

    def __init__(self, browser, session):
        self.console, self.errors, self.requests, self.statuses = [], [], [], {}
        self._browser = browser
        self._session = session
        self._loaded = False

    def begin(self, width, height):
        for domain in ("Page", "Runtime", "Log", "Performance", "Inspector"):
            self.send(f"{domain}.enable")
        self.screen(width, height)

    def send(self, method, **params):
        """Any command of the protocol."""
        return self._browser.send(method, session=self._session, **params)

    def watch_network(self):
        """
        Keep URLs and statuses from now on.

        Every frame of a WebSocket is then told to the test too: not for measuring.
        """
        self.send("Network.enable")

    def go(self, url):
        """Load a page, and wait until it is loaded."""
        self._loaded = False
        problem = self.send("Page.navigate", url=url).get("errorText")
        assert not problem, f"{url}: {problem}"
        self._browser._read(lambda: self._loaded, f"loading of {url}", PATIENCE_SECONDS)

    def evaluate(self, expression, seconds=PATIENCE_SECONDS):
        """
        The value of an expression, or of its promise: of JSON's kinds, or a BigInt, which becomes an int.

        Raises:
            AssertionError: It throws; the message is the exception's.
        """
        answer = self._browser.send(
            "Runtime.evaluate",
            session=self._session,
            seconds=seconds,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if problem := answer.get("exceptionDetails"):
            raise AssertionError(problem.get("exception", {}).get("description") or problem["text"])
        result = answer["result"]
        special = result.get("unserializableValue", "")
        return int(special[:-1]) if special.endswith("n") else special or result.get("value")

    def until(self, expression, seconds=PATIENCE_SECONDS):
        """The first value of an expression that is true; what throws is not true yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(DevtoolsError):  # the page is being replaced
                if found := self.evaluate(UNTIL % expression):
                    return found
        raise AssertionError(f"never true within {seconds} s: {expression}; errors: {self.errors[:5]}")

    def box(self, selector):
        """Where an element is, scrolled into view: x, y, width and height in CSS pixels."""
        found = self.evaluate(
            f"""(() => {{ const it = document.querySelector({json.dumps(selector)});
            if (!it) {{ return null; }}
            it.scrollIntoView({{block: "nearest", behavior: "instant"}});
            const {{x, y, width, height}} = it.getBoundingClientRect(); return [x, y, width, height]; }})()"""
        )
        assert found is not None, f"nothing is {selector}"
        return tuple(found)

    def move(self, x, y, **more):
        """Move the mouse there."""
        self.send("Input.dispatchMouseEvent", **{"type": "mouseMoved", "x": x, "y": y} | more)

    def click(self, where, y=None, *, button="left", times=1):
        """Click the middle of an element, or at ``where, y``."""
        if y is None:
            left, top, width, height = self.box(where)
            where, y = left + width / 2, top + height / 2
        self.move(where, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.move(where, y, type=kind, button=button, clickCount=times)

    def press(self, key, *modifiers):
        """Press a key by its name in ``KeyboardEvent.key``: ``Enter``, ``b``, ``?``; modifiers are names."""
        held = sum(MODIFIERS[one] for one in modifiers)
        code = KEYS.get(key) or (ord(key.upper()) if key.isalnum() else 0)
        what = {"key": key, "windowsVirtualKeyCode": code, "modifiers": held}
        text = TYPED.get(key, key if len(key) == 1 else "") if held & ~MODIFIERS["shift"] == 0 else ""
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.send("Input.dispatchKeyEvent", **what, **down)
        self.send("Input.dispatchKeyEvent", **what, type="keyUp")

    def write(self, text):
        """Type a text where the focus is."""
        self.send("Input.insertText", text=text)

    def screen(self, width, height, *, scale=1, mobile=False):
        """Be a device of this size in CSS pixels; a mobile one also obeys the page's viewport."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}
        self.send("Emulation.setDeviceMetricsOverride", **size)

    def media(self, *, dark=False, reduced_motion=False):
        """Say what the user prefers."""
        wanted = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if reduced_motion else "no-preference",
        }
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.send("Emulation.setEmulatedMedia", features=features)

    def screenshot(self, path=None):
        """What is seen, as PNG; written to ``path`` too, if one is given."""
        image = base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
        if path is not None:
            Path(path).write_bytes(image)
        return image

    def metrics(self):
        """Figures after a garbage collection: JSHeapUsedSize in bytes, Nodes, JSEventListeners and others."""
        self.send("HeapProfiler.collectGarbage")
        return {one["name"]: one["value"] for one in self.send("Performance.getMetrics")["metrics"]}

    def heard(self, method, params):
        """Take an event in."""
        match method:
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.consoleAPICalled":
                parts = (str(one.get("value", one.get("description", ""))) for one in params["args"])
                self.console.append(" ".join(parts))
                if params["type"] in ("error", "assert"):
                    self.errors.append(self.console[-1])
            case "Runtime.exceptionThrown":
                told = params["exceptionDetails"]
                self.errors.append(told.get("exception", {}).get("description") or told["text"])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}".rstrip())
            case "Inspector.targetCrashed":
                self.errors.append("the tab has crashed")
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.responseReceived":
                self.statuses[params["response"]["url"]] = params["response"]["status"]


@pytest.fixture(scope="session")
def browser():
    """The browser of this process of tests; without one the test is skipped."""
    if program() is None:
        pytest.skip("no Chromium is installed")
    with started() as found:
        yield found


@pytest.fixture
def tab(browser):
    """An empty tab in a context of its own."""
    with browser.tab() as found:
        yield found
