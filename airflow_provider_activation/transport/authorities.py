"""The authorities that certificates are checked against: the connection's, the environment's or the usual."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import httpx

from airflow_provider_activation.transport.settings import ConnectionSettings

FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables of the environment that name a file of certificates, or a folder of them."""
FOLDERS = "SSL_CERT_DIR"
"""The variable that names one folder or several. One that is not there is passed over, as OpenSSL does."""


def ssl_context(settings: ConnectionSettings) -> ssl.SSLContext:
    """The context for all connections of these settings. Certificates are read from disk.

    ``verify`` of the connection comes first. If it names nothing, all that the environment names is trusted,
    and if that names nothing either, the usual authorities.

    :raises InvalidConnection: what is named cannot be read, or contains no certificates.
    """
    if settings.verify is False:
        return httpx.create_ssl_context(verify=False)
    named = _named(settings)
    context: ssl.SSLContext | None = None
    for path, where in named:
        is_folder = path.is_dir()
        if where == FOLDERS and not is_folder:
            continue
        files = sorted(path.iterdir()) if is_folder else [path]
        found = False
        for file in files:
            try:
                if context is None:
                    context = ssl.create_default_context(cafile=file)
                else:
                    context.load_verify_locations(cafile=file)
                found = True
            except OSError as error:
                if not is_folder:
                    kind = "a file or a folder of certificates"
                    raise settings.refused(
                        f"cannot be used: {where} names {str(path)!r}, which cannot be read as {kind} "
                        f"({error.strerror or error})"
                    ) from None
        if not found and where != FOLDERS:
            raise settings.refused(
                f"cannot be used: {where} names the folder {str(path)!r}, which has no certificates"
            )
    return context or httpx.create_ssl_context(verify=True, trust_env=False)


def _named(settings: ConnectionSettings) -> list[tuple[Path, str]]:
    """Files and folders of certificates, each with what names it."""
    if isinstance(settings.verify, str):
        return [(Path(settings.verify).expanduser(), "verify in the extra")]
    named = [
        (Path(os.environ[name]).expanduser(), f"{name} in the environment")
        for name in FILES
        if os.environ.get(name)
    ]
    folders = os.environ.get(FOLDERS, "").split(os.pathsep)
    return named + [(Path(folder), FOLDERS) for folder in folders if folder]
