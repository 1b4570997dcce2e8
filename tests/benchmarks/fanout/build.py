"""Everything that is measured and not Python of our own: compiled or installed once, into one folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import attrs

CACHE = Path("~/.cache/feed-benchmarks")
HERE = Path(__file__).parent
NATIVE = HERE / "native"
TLS_FLAGS = ("-DWITH_TLS", "-lssl", "-lcrypto")  # left out where OpenSSL's headers are missing
PACKAGES = (
    "websockets",
    "uvloop",
    "trio",
    "trio-websocket",
    "picows",
    "aiohttp",
    "starlette",
    "uvicorn",
    "socketify",
    "matplotlib",
)


@attrs.frozen(kw_only=True)
class Toolbox:
    """
    What was built, and what could not be.

    Attributes:
        home: The folder that holds it all.
        python: Interpreter of the peers' virtual environment, of the version that runs this.
        node_modules: Where ``ws`` was installed.
        missing: Why a need (``gcc``, ``node``, or a package of the registry) is not met.
    """

    home: Path
    python: Path
    node_modules: Path
    missing: dict[str, str]

    def program(self, name: str) -> Path:
        """A compiled program: ``load`` or ``reference``."""
        return self.home / name

    def lacks(self, needs: tuple[str, ...]) -> str:
        """Why the first need that is not met is not; empty when all are."""
        return next((self.missing[need] for need in needs if need in self.missing), "")


def build(home: Path) -> Toolbox:
    """Build what is not there yet. Takes half a minute the first time, and needs the registries then."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = home.expanduser().resolve() / f"py{version}"
    python = home / "venv" / "bin" / "python"
    missing = {**compile_programs(home), **_install_packages(python), **_install_node(home)}
    return Toolbox(home=home, python=python, node_modules=home / "node_modules", missing=missing)


def compile_programs(home: Path) -> dict[str, str]:
    """Put ``load`` and ``reference`` into ``home``; says what is missing if that cannot be."""
    home.mkdir(parents=True, exist_ok=True)
    if not shutil.which("gcc"):
        return {"gcc": "gcc is not installed"}
    for name in ("load", "reference"):
        sources = [NATIVE / f"{name}.c", *sorted(NATIVE.glob("*.h"))]
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
        built, stamp = home / name, home / f"{name}.sha256"
        if built.exists() and stamp.exists() and stamp.read_text() == digest:
            continue
        command = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", built, sources[0]]
        done = subprocess.run([*command, *TLS_FLAGS], capture_output=True, text=True, check=False)
        if done.returncode:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"gcc": f"gcc failed: {_last_line(done.stderr)}"}
        stamp.write_text(digest)
    return {}


def _install_packages(python: Path) -> dict[str, str]:
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    wanted = [name for name in PACKAGES if not _installed(python, name)]
    if not wanted:
        return {}
    if not _pip(python, wanted):
        return {}
    # One that cannot be installed must not take the others with it.
    return {name: problem for name in wanted if (problem := _pip(python, [name]))}


def _installed(python: Path, name: str) -> bool:
    library = python.parent.parent / "lib"
    return any(library.glob(f"python*/site-packages/{name.replace('-', '_')}-*.dist-info"))


def _pip(python: Path, names: list[str]) -> str:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"pip failed: {_last_line(done.stderr)}" if done.returncode else ""


def _install_node(home: Path) -> dict[str, str]:
    if not (shutil.which("node") and shutil.which("npm")):
        return {"node": "node is not installed"}
    if (home / "node_modules" / "ws").exists():
        return {}
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home, "ws"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"node": f"npm failed: {_last_line(done.stderr)}"} if done.returncode else {}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:100] if lines else "it did not say why"
