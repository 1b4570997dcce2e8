"""What TLS stands on: the operator's certificate, or one made for the moment."""

from __future__ import annotations

import ssl
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from feed.errors import ConfigError, install_hint
from feed.recording.atomic_file import starts_with, write_atomically
from feed.settings import Settings, Tls

_PEM = b"-----BEGIN CERTIFICATE-----"


def tls_context(settings: Settings, made: bytes = b"") -> ssl.SSLContext | None:
    """
    How this server speaks TLS; None when it does not.

    Args:
        settings: Of the server.
        made: What :func:`self_signed` has made, where that is wanted; empty to have it made here.
    Raises:
        ConfigError: A file cannot be used, or the library that makes certificates is not installed.
    """
    tls = settings.tls
    if not tls.wanted:
        if tls.key is not None:
            raise ConfigError("there is a key but no certificate", where="--tls-key", hint="add --tls-cert")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    if tls.cert is None:
        _load_made(context, made or self_signed(settings))
    else:
        _load(context, tls.cert, tls.key)
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    for path, option in ((cert, "--tls-cert"), (key, "--tls-key")):
        try:
            if path is not None:
                path.open("rb").close()
        except OSError as problem:
            raise ConfigError(f"cannot be read: {problem.strerror}", where=f"{option} {path}") from None
    try:
        # A password cannot be asked for: nobody may be there.
        context.load_cert_chain(cert, key, password=_no_password)
    except ValueError:
        raise ConfigError("the key has a password", where=f"{key or cert}", hint="store it without") from None
    except ssl.SSLError as problem:
        raise ConfigError(
            f"no certificate and key that belong together ({problem.reason or problem})",
            where=f"--tls-cert {cert}",
        ) from None


def _no_password() -> str:
    raise ValueError


def certificate_names(tls: Tls) -> tuple[str, ...]:
    """
    The names and addresses that the server's certificate is good for, and those that shall be in it.

    Nothing is asked of a certificate but what stands in it: whether it is good is for clients to say.
    """
    if tls.cert is None:
        return tls.names
    reader = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    reader.check_hostname = False
    # A certificate is its own authority here, and may be out of date (X509_V_FLAG_NO_CHECK_TIME).
    reader.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VerifyFlags(0x200000)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        reader.load_verify_locations(tls.cert)
        server.load_cert_chain(tls.cert, tls.key, password=_no_password)
        return (*tls.names, *_shown_to(reader, server))
    except (OSError, ValueError):
        return tls.names  # whoever serves with it says what is wrong


def _shown_to(reader: ssl.SSLContext, server: ssl.SSLContext) -> tuple[str, ...]:
    """The names in the certificate that ``server`` shows: a handshake in memory."""
    upward, downward = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = reader.wrap_bio(downward, upward)
    far = server.wrap_bio(upward, downward, server_side=True)
    for _ in range(4):
        for end in (near, far):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    names: Any = (near.getpeercert() or {}).get("subjectAltName", ())
    return tuple(name for _, name in names)


def self_signed(settings: Settings) -> bytes:
    """
    Make a certificate: its key and itself, in PEM, for :func:`tls_context`.

    It lives in memory; only its authority is written, to ``settings.tls.ca``.

    Raises:
        ConfigError: That cannot be written, or the library that makes certificates is not installed.
    """
    tls = settings.tls
    try:
        import trustme  # noqa: PLC0415 - an extra, for development only
    except ImportError:
        raise ConfigError(
            "making a certificate needs the library trustme",
            where="--tls-self-signed",
            hint=install_hint("self-signed"),
        ) from None
    authority = trustme.CA()
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", *_name(settings.host), *tls.names])
    try:
        certificate = authority.issue_cert(*names)
    except ValueError as problem:
        raise ConfigError(f"cannot be put into a certificate ({problem})", where="--tls-name") from None
    write_atomically(tls.ca, authority.cert_pem.bytes(), is_ours=starts_with(_PEM), where="--tls-ca")
    return certificate.private_key_and_cert_chain_pem.bytes()


def _load_made(context: ssl.SSLContext, made: bytes) -> None:
    """Use a certificate that is in memory: the library reads files alone, so there is one for a moment."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(made)
        file.flush()
        context.load_cert_chain(file.name)


def _name(host: str) -> list[str]:
    return [] if host in {"", "0.0.0.0", "::"} else [host]
