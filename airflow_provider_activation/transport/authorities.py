"""The authorities that certificates are checked against: the connection's, the environment's or the usual."""

from __future__ import annotations

import os
import re
import ssl
from contextlib import suppress
from pathlib import Path

import httpx

from airflow_provider_activation.transport.settings import ConnectionSettings

FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables of the environment that name a file of certificates, or a folder of them."""
FOLDERS = "SSL_CERT_DIR"
"""The variable that names one folder or several. One that is not there is passed over, as OpenSSL does."""


_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""A name by which OpenSSL finds a certificate in a folder; it then reads no more than it needs."""


def ssl_context(settings: ConnectionSettings) -> ssl.SSLContext:
    """The context for all connections of these settings. Certificates are read from disk.

    ``verify`` of the connection comes first. If it names nothing, all that the environment names is trusted,
    and if that names nothing either, the usual authorities.

    :raises InvalidConnection: what is named cannot be read, or contains no certificates.
    """
    if settings.verify is False:
        return httpx.create_ssl_context(verify=False)
    context: ssl.SSLContext | None = None
    for path, where in _named(settings):
        if path.is_dir():
            with_folder = _with_folder(context, path)
            if with_folder is None and where != FOLDERS:
                what = f"{where} names the folder {str(path)!r}, which has no certificates"
                raise settings.refused(f"cannot be used: {what}")
            context = with_folder or context
        elif where != FOLDERS:
            try:
                context = _with(context, cafile=path)
            except OSError as error:
                what = (
                    f"{where} names {str(path)!r}, which cannot be read as a file or a folder of certificates"
                )
                raise settings.refused(f"cannot be used: {what} ({error.strerror or error})") from None
    return context or httpx.create_ssl_context(verify=True, trust_env=False)


def _named(settings: ConnectionSettings) -> list[tuple[Path, str]]:
    """Files and folders of certificates, each with what names it."""
    if isinstance(settings.verify, str):
        return [(Path(settings.verify).expanduser(), "verify in the extra")]
    given = {name: os.environ.get(name) for name in FILES}
    named = [(Path(path).expanduser(), f"{name} in the environment") for name, path in given.items() if path]
    folders = os.environ.get(FOLDERS, "").split(os.pathsep)
    return named + [(Path(folder), FOLDERS) for folder in folders if folder]


def _with(
    context: ssl.SSLContext | None, cafile: Path | None = None, capath: Path | None = None
) -> ssl.SSLContext:
    """A context that trusts a file or a folder too."""
    if context is None:
        return ssl.create_default_context(cafile=cafile, capath=capath)
    context.load_verify_locations(cafile, capath)
    return context


def _with_folder(context: ssl.SSLContext | None, folder: Path) -> ssl.SSLContext | None:
    """A context that trusts a folder too; None if the folder has no certificates."""
    files = sorted(folder.iterdir())
    if any(_HASHED.fullmatch(file.name) for file in files):
        return _with(context, capath=folder)
    found = None
    for file in files:
        with suppress(OSError):  # a key, a list, a text about the others
            found = context = _with(context, cafile=file)
    return found
