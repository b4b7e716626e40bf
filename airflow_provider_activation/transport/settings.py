"""The settings of a connection, as the transport uses them, and checks of addresses and headers."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from airflow_provider_activation.api.call import Call, Token
from airflow_provider_activation.errors import InvalidConnection


@dataclass(frozen=True)
class ConnectionSettings:
    """What the transport needs of an Airflow connection.

    :param name: the service's name as a person writes it.
    :param base_url: where paths begin; https, or http to this machine.
    :param headers: sent with every call.
    :param query: query parameters sent with every call; may be secret, and appear in no log.
    :param log_in: the call that yields a token, where the service has one.
    :param key_level: level of the authentication key, where the service has levels.
    :param scope: ids that a call takes from the connection where it is given none.
    :param timeout: seconds to wait for a connection, and for each part of an answer.
    :param max_retries: how often a call is sent again at most.
    :param verify: check certificates against the system's authorities, against the file named, or not.
    :param proxy: address of a proxy; None takes the environment's.
    """

    name: str
    conn_id: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    log_in: Call[Token] | None = field(default=None, repr=False)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    key_level: str | None = None
    scope: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 30.0
    max_retries: int = 4
    verify: bool | str = True
    proxy: str | None = field(default=None, repr=False)

    def refused(self, what: str) -> InvalidConnection:
        """The error for settings that cannot be used."""
        return InvalidConnection(f"the connection {self.conn_id!r} {what}.", service=self.name)

    @property
    def fingerprint(self) -> str:
        """Equal for equal settings, without showing a secret."""
        values = {name.name: getattr(self, name.name) for name in fields(self)}
        values["secrets"] = sorted(self.secrets)
        values["log_in"] = self.log_in and (self.log_in.url, self.log_in.form, self.log_in.json)
        return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


def refuse_unfit_settings(settings: ConnectionSettings) -> None:
    """Refuse addresses that are not used, and header values with characters that a header cannot contain."""
    for address in (settings.base_url, settings.log_in.url if settings.log_in else None):
        if address:
            _refuse_unfit_address(address, settings)
    for name, value in settings.headers.items():
        if not value.isascii() or not value.isprintable():
            raise settings.refused(f"holds a value for the header {name} with signs that no header can carry")


def _refuse_unfit_address(address: str, settings: ConnectionSettings) -> None:
    """Refuse other schemes than https (http is allowed to this machine), and credentials in the address."""
    try:
        url = httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        raise settings.refused("names an address that is none") from None
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and _is_this_machine(url.host))):
        rule = "only https is used, and http to this machine alone"
        raise settings.refused(f"names {url.scheme or 'no scheme'}://{url.host}; {rule}")
    if url.userinfo:
        raise settings.refused("has credentials in its address; they belong into login and password")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment_proxy(address: str) -> str | None:
    """The proxy for an address from the environment; None for this machine."""
    parts = urlsplit(address)
    if not parts.hostname or _is_this_machine(parts.hostname) or proxy_bypass(parts.hostname):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
