"""
The page in the browser: ``/`` for whoever reads HTML, and the files that it is made of.

Programs ask for ``/`` too, mostly by mistake, and are told that a WebSocket is spoken there. A browser gives
itself away by naming ``text/html`` among what it accepts; ``*/*`` is a program's.

Files have a digest of all of them in their path. So browsers may keep them for good, and modules of two
releases never meet: what imports others relatively gets those of its own release, or 404.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Final

import attrs
import msgspec

import feed.page
from feed.dialects.access import OPEN, Problem
from feed.dialects.discovery import dialects, route
from feed.dialects.parameters import Parameter
from feed.dialects.rest import JSON, Answer, Call, Endpoint
from feed.model.key_formats import SigningAlgorithm
from feed.server.http.context import RequestContext
from feed.server.http.pages import HTML
from feed.server.key_secrets import demo_passphrase, demo_secret
from feed.server.keys import DEMO_KEYS, demo_keys_wanted
from feed.server.refusals import answer_body, nowhere, upgrade_required

PATH: Final = "/"
_FILES: Final = "/page/{version}/{file}"
_FILES_OF_A_FOLDER: Final = "/page/{version}/{folder}/{file}"
_GROUP: Final = "Page"
_INDEX: Final = "index.html"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_NEVER: Final = re.compile(r"q\s*=\s*0(\.0*)?")  # of a media type
# No host is named: 'self' covers the sockets of this host and port, and a name from a request, which anybody
# may have chosen, has no place in a header.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_GUARDS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
# "no-cache" asks for it each time: by the version in it, it leads to files that are there.
_PAGE_HEADERS: Final = {**_GUARDS, "Cache-Control": "no-cache", "Vary": "Accept"}
_FILE_HEADERS: Final = {**_GUARDS, "Cache-Control": "public, max-age=31536000, immutable"}


@attrs.frozen(kw_only=True)
class Assets:
    """
    What the page is made of.

    Attributes:
        version: Of all of it: hexadecimal digits that differ where a byte does.
        index: The page itself, with a place for ``version``, for ``preload``, and for what it is told of the
            ``server``.
        files: By name, behind that of their folder where they stand in one.
    """

    version: str
    index: Template
    files: Mapping[str, bytes]


@cache
def assets() -> Assets:
    """Those of this release, read once: whoever edits one restarts the server."""
    top = resources.files(feed.page)
    folders = {one.name: one for one in top.iterdir() if one.is_dir()}
    found = {one.name: one for one in top.iterdir()}
    found |= {f"{name}/{one.name}": one for name, folder in folders.items() for one in folder.iterdir()}
    kept = {_INDEX, *(name for name in found if name.rpartition(".")[2] in _TYPES)}
    files = {name: found[name].read_bytes() for name in sorted(kept)}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    index = Template(files.pop(_INDEX).decode())
    return Assets(version=digest.hexdigest()[:16], index=index, files=files)


def reads_html(accept: str) -> bool:
    """Whether a header ``Accept`` is a browser's that shows a page: it names HTML, and JSON no sooner."""
    for one in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        if kind == JSON:
            return False
        if kind == "text/html":
            return not any(map(_NEVER.fullmatch, parameters))
    return False


def show_page(context: RequestContext, call: Call) -> Answer:
    """The page, or what a program is told there."""
    if not call.query and reads_html(call.headers.get("accept", "")):
        return Answer(content=_page(context, call), content_type=HTML, headers=_PAGE_HEADERS)
    served = tuple(dict.fromkeys(endpoint.path for endpoint in context.endpoints if endpoint.described))
    spoken = route(PATH, dict(reversed(call.fields))) is not None
    refusal = upgrade_required() if spoken else nowhere(PATH, served)
    return Answer(content=answer_body(refusal), status=refusal.status, headers=dict(refusal.headers))


def show_file(context: RequestContext, call: Call) -> Answer:
    """One of the files."""
    del context
    made, folder = assets(), call.text("folder") if "folder" in call.values else ""
    name = f"{folder}/{call.text('file')}" if folder else call.text("file")
    content = made.files.get(name)
    if call.text("version") != made.version or content is None:
        raise Problem(404, "not_found", "The page is made of other files now; load it again")
    kind = _TYPES[name.rpartition(".")[2]]
    return Answer(content=content, content_type=kind, headers=_FILE_HEADERS)


def _page(context: RequestContext, call: Call) -> bytes:
    made = assets()
    known = {
        "version": made.version,
        "protocols": list(dialects()),
        "demo": _demo() if demo_keys_wanted(context.settings) and call.arrival.within else {},
    }
    modules = (f"/page/{made.version}/{name}" for name in made.files if name.endswith(".js"))
    return made.index.safe_substitute(
        version=made.version,
        # Else a browser finds out file by file what the next one imports.
        preload="\n".join(f'<link rel="modulepreload" href="{path}">' for path in modules),
        server=escape(msgspec.json.encode(known).decode()),
    ).encode()


def _demo() -> dict[str, dict[str, str]]:
    """By protocol, empty for all that have none of their own, the demo key and what goes with it."""
    found: dict[str, dict[str, str]] = {}
    for known in DEMO_KEYS:
        if known.algorithm is SigningAlgorithm.HMAC:
            said = {"key": known.key, "secret": demo_secret(known), "passphrase": demo_passphrase(known)}
            for name in known.grant.dialects or ("",):
                found.setdefault(name, {part: text for part, text in said.items() if text})
    return found


def _part(name: str, meaning: str) -> Parameter:
    return Parameter(name=name, meaning=meaning, most=64, in_path=True)


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    version, folder, file = (
        _part(name, meaning)
        for name, meaning in (("version", "Of the page."), ("folder", "Its folder."), ("file", "Its name."))
    )
    return (
        Endpoint(
            path=PATH,
            summary="The page, for browsers",
            handle=show_page,
            access=OPEN,
            returns=HTML,
            metered=False,
            guarded=True,
            described=False,
            group=_GROUP,
        ),
        *(
            Endpoint(
                path=path,
                summary="A file of the page",
                handle=show_file,
                access=OPEN,
                parameters=parameters,
                returns=HTML,
                metered=False,
                guarded=True,
                described=False,
                group=_GROUP,
            )
            for path, parameters in (
                (_FILES, (version, file)),
                (_FILES_OF_A_FOLDER, (version, folder, file)),
            )
        ),
    )
