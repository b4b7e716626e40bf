"""The settings of a connection, as the transport uses them, and checks of addresses and headers."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from airflow_provider_activation.api.call import Call, NotStored, Token
from airflow_provider_activation.errors import InvalidConnection


@dataclass(frozen=True)
class ConnectionSettings(NotStored):
    """What the transport needs of an Airflow connection.

    :param name: the service's name as a person writes it.
    :param base_url: where paths begin; https, or http to this machine or where `allow_http` says so.
    :param headers: sent with every call.
    :param query: query parameters sent with every call; may be secret, and appear in no log.
    :param log_in: the call that yields a token, where the service has one.
    :param key_level: level of the authentication key, where the service has levels.
    :param scope: ids that a call takes from the connection where it is given none.
    :param query_names: query parameters that this connection spells in another way than the documents.
    :param timeout: seconds to wait for a connection, and for each part of an answer; an attempt may take four
        times as long in all.
    :param max_retries: how often a call is sent again at most.
    :param verify: check certificates against the usual authorities, against the file or folder named, or not.
    :param proxy: address of a proxy; None takes the environment's.
    :param allow_http: whether requests may leave this machine without encryption.
    :param require_suppression: whether an audience is sent only if a manifest shows suppression.
    :param remark: what is odd about the credentials, a sentence for errors that say they are refused.
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
    query_names: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 30.0
    max_retries: int = 4
    verify: bool | str = True
    proxy: str | None = field(default=None, repr=False)
    allow_http: bool = False
    require_suppression: bool = False
    remark: str = field(default="", repr=False)

    def refused(self, what: str) -> InvalidConnection:
        """The error for settings that cannot be used."""
        return InvalidConnection(f"the connection {self.conn_id!r} {what}.", service=self.name)

    @property
    def addresses(self) -> dict[str | None, str]:
        """Where calls go, by the address that a call names: None is the service itself."""
        elsewhere = [self.log_in.url] if self.log_in and self.log_in.url else []
        return {None: self.base_url, **{address: address for address in elsewhere}}

    @property
    def fingerprint(self) -> str:
        """Equal for equal settings, without showing a secret."""
        values = {name.name: getattr(self, name.name) for name in fields(self)}
        values["secrets"] = sorted(self.secrets)
        values["log_in"] = self.log_in and (self.log_in.url, self.log_in.form, self.log_in.json)
        return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()


@dataclass(frozen=True)
class Proxy:
    """A proxy and where it is configured, for messages."""

    url: str = field(repr=False)
    where: str


def refuse_unfit_settings(settings: ConnectionSettings) -> None:
    """Refuse addresses that are not used, and header values with characters that a header cannot contain."""
    for address in settings.addresses.values():
        _refuse_unfit_address(address, settings)
    for name, value in settings.headers.items():
        if not value.isascii() or not value.isprintable():
            raise settings.refused(f"holds a value for the header {name} with signs that no header can carry")


def _refuse_unfit_address(address: str, settings: ConnectionSettings) -> None:
    """Refuse http, unless the bytes stay on this machine or may leave it, and credentials in the address."""
    try:
        url = httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        raise settings.refused("names an address that is none") from None
    may_be_http = _is_this_machine(url.host) or settings.allow_http
    if not url.host or not (url.scheme == "https" or (url.scheme == "http" and may_be_http)):
        raise settings.refused(f"names {url.scheme or 'no scheme'}://{url.host}; {_HTTPS_ONLY}")
    if url.userinfo:
        raise settings.refused("has credentials in its address; they belong into login and password")
    proxy = proxy_of(settings, address) if url.scheme == "http" and not settings.allow_http else None
    if proxy and not _is_this_machine(urlsplit(proxy.url).hostname or ""):
        raise settings.refused(
            f"names http://{url.host} with a proxy elsewhere ({proxy.where}); {_HTTPS_ONLY}"
        )


_HTTPS_ONLY = (
    "only https is used, and http to this machine alone. For a private gateway that has no https, set "
    "allow_http to true in the extra: what is sent, the credentials included, is then not encrypted"
)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_of(settings: ConnectionSettings, address: str) -> Proxy | None:
    """The proxy to an address: the connection's, else the environment's, which has none for this machine."""
    if settings.proxy:
        return Proxy(_with_scheme(settings.proxy), "extra field 'proxy'")
    parts = urlsplit(address)
    host = parts.hostname or ""
    if not host or _is_this_machine(host) or proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return None
    proxies = getproxies()
    for name in (parts.scheme, "all"):
        if proxies.get(name):
            return Proxy(_with_scheme(proxies[name]), f"the environment variable {name.upper()}_PROXY")
    return None


def _with_scheme(proxy: str) -> str:
    # as curl and httpx read it
    return proxy if "://" in proxy else f"http://{proxy}"
