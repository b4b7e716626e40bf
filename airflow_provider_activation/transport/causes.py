"""Why a call failed, and what to do about it: each cause is written here once.

The errors of the transport and the test of a connection say the same. A cause `of_connection` is one that
no repetition can cure: the Airflow connection has to be corrected.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from airflow_provider_activation.api.call import Answer, Call, Safety
from airflow_provider_activation.transport.settings import ConnectionSettings, Proxy, proxy_of

_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_NO_TLS = frozenset(
    {
        "HTTP_REQUEST",
        "HTTPS_PROXY_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNKNOWN_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""What OpenSSL says of a port that answers a TLS handshake with something else."""
TLS_ALERT = "the answer is an alert of TLS"
"""The words of an error of the network streams: the HTTP library would only say that it cannot read it."""
_HTTPS_PORT = re.compile(
    r"plain http request was sent to https|http request to an https server|plain http to an ssl", re.I
)
"""What nginx, Go and Apache answer to plain http on a port that expects TLS."""

_WANTS_A_TOKEN = re.compile(r"token\W+(?:\w+\W+)?(?:missing|required|expired)", re.I)
_LEVEL = re.compile(r"\b(?:account|endpoint|application)[- ]level +(?:\w+ +)?key|level of (?:the )?key", re.I)
_KEY = re.compile(
    r"\bkey\b|api[-_]?key|token|credential|password|log[- ]?in|log(?:ged)? ?on|e-?mail|bearer|authenticat",
    re.I,
)
_PERMISSION = re.compile(
    r"permission|permitted|privilege|\broles?\b|\bscopes?\b|not allowed|no access|access to|"
    r"access (?:is )?denied|entitle|insufficient|organi[sz]ation|\brights?\b",
    re.I,
)


@dataclass(frozen=True)
class Cause:
    """Why a call failed.

    :param what: what happened, as part of a sentence; empty if the error says enough.
    :param advice: what to do, in sentences; empty for what the error says by its class.
    :param of_connection: whether the Airflow connection is wrong, so that every other attempt fails alike.
    """

    what: str
    advice: str
    of_connection: bool = False


class Destination:
    """Where a call goes, and which field of which connection says so.

    :param url: the call's own address; None for one that begins at the connection's host.
    """

    def __init__(self, settings: ConnectionSettings, url: str | None) -> None:
        self._settings, self._url = settings, url

    @property
    def address(self) -> str:
        """The address where the path begins; the whole address for a call that goes elsewhere."""
        return self._url or self._settings.base_url

    @cached_property
    def url(self) -> httpx.URL:
        return httpx.URL(self.address)

    @cached_property
    def proxy(self) -> Proxy | None:
        return proxy_of(self._settings, self.address)

    @property
    def conn_id(self) -> str:
        return self._settings.conn_id

    @property
    def field(self) -> str:
        """The field of the connection that names the address."""
        name = "host" if self._url is None else "auth_url in the extra"
        return f"{name} of the connection {self.conn_id!r}"

    @property
    def verify(self) -> str:
        return f"The extra field 'verify' of the connection {self.conn_id!r}"

    @property
    def credentials(self) -> str:
        remark = f" {self._settings.remark}" if self._settings.remark else ""
        return f"login, password or key of the connection {self.conn_id!r}.{remark}"

    @property
    def has_path(self) -> bool:
        return self.url.path.strip("/") != ""

    def names(self, host: str) -> str:
        """A host of this way, and the place that names it."""
        return self.field if host == self.host or self.proxy is None else self.proxy.where

    @property
    def host(self) -> str:
        return self.url.raw_host.decode("ascii", "replace")

    @property
    def port(self) -> int:
        return self.url.port or (80 if self.url.scheme == "http" else 443)

    @property
    def place(self) -> str:
        """Host and port."""
        return _place(self.host, self.port)

    @property
    def looked_up(self) -> str:
        """The name that this machine looks up: the proxy's, if there is one."""
        return httpx.URL(self.proxy.url).host if self.proxy else self.host


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# Without an answer


def cause_of_failure(
    error: BaseException,
    way: Destination,
    *,
    reached: tuple[str, int | None] | None,
    handshake: bool,
    sent: bool,
) -> Cause | None:
    """The cause of an attempt without a complete response; None if it is not known.

    :param reached: host and port that were connected to last, the proxy's if there is one.
    :param handshake: whether a TLS handshake was under way.
    :param sent: whether a part of the request was sent.
    """
    host, port = reached or (way.host, None)
    place = way.place if port is None else _place(host, port)
    named = way.names(host)
    for each in _chain(error):
        match each:
            case socket.gaierror():
                return Cause(
                    f"the name {host} is not found",
                    f"Check {named}, and whether this machine can look up names.",
                )
            case UnicodeError() if not sent:
                return Cause(f"{host} is not a name that can be looked up", f"Check {named}.")
            case ssl.SSLCertVerificationError():
                return _certificate(each, host, named, way)
            case ssl.SSLError() if each.reason in _NO_TLS:
                return Cause(
                    f"{place} does not speak TLS",
                    f"It may be a port for plain http: check {named}, its scheme and the port. "
                    "Plain http is for this machine, or for a private gateway with allow_http.",
                )
            case ConnectionRefusedError():
                return Cause(
                    f"{place} refuses connections",
                    f"Nothing listens there, or a firewall refuses: check {named}, and the port.",
                )
            case OSError() if each.errno in _UNREACHABLE:
                return Cause(
                    f"there is no route to {place}",
                    f"Check {named}, and whether this machine may go there or needs a proxy.",
                )
    if isinstance(error, httpx.ProxyError):
        return _refused_by_proxy(str(error), way)
    if handshake:
        return Cause(
            f"the TLS handshake with {place} did not succeed",
            f"The port may not speak TLS, or not with this client: check {named}, its scheme and the port.",
        )
    if isinstance(error, httpx.ConnectTimeout):
        return Cause(
            f"{place} does not answer",
            f"Check {named}, the port, and whether a firewall or a missing proxy is in the way.",
        )
    if isinstance(error, httpx.ReadTimeout):
        return Cause(f"ReadTimeout: {place} was reached and does not answer in time", "")
    if way.url.scheme == "http" and isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        if TLS_ALERT in str(error):
            return _speaks_tls(place, named)
        hint = f"if it never answers, it may expect https: check the scheme of {named}"
        return Cause("", f"Run the task again when the service is well; {hint}.")
    return None


def _certificate(error: ssl.SSLCertVerificationError, host: str, named: str, way: Destination) -> Cause:
    match error.verify_code:
        case 62 | 64:
            why = f"It is for another name: check {named}."
        case 9 | 10:
            why = "It is not valid now: the service has to renew it, or the clock of this machine is wrong."
        case _:
            why = (
                "If your company has an authority of its own, the file or folder of its certificates belongs "
                "into 'verify', or into REQUESTS_CA_BUNDLE or SSL_CERT_FILE of the environment."
            )
    reason = error.verify_message.rstrip(".")
    return Cause(
        f"the certificate of {host} cannot be verified ({reason}; see 'verify' in the extra)",
        f"{why} {way.verify} says what is trusted.",
        of_connection=True,
    )


def _speaks_tls(place: str, named: str) -> Cause:
    return Cause(
        f"{place} expects https and was called with plain http",
        f"Write https:// in {named}. The call, with its credentials, was sent without encryption.",
        of_connection=True,
    )


def _refused_by_proxy(said: str, way: Destination) -> Cause:
    where = way.proxy.where if way.proxy else "the environment"
    if said.startswith("407"):
        return Cause(
            "ProxyError: the proxy asks for credentials (407)",
            f"Name its user and password in {where}: http://user:password@proxy.",
        )
    return Cause(
        f"ProxyError: the proxy does not connect to {way.host} ({said})",
        f"Check {way.field}, and whether the proxy in {where} may go there.",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                waiting += each.exceptions


# With an answer


def cause_of_answer(answer: Answer, call: Call[Any], way: Destination, *, is_log_in: bool) -> Cause | None:
    """What a response that is no success shows of its cause; None if nothing beyond its status.

    :param is_log_in: whether the call is the log-in, which needs no token.
    """
    text = answer.text[:4000]
    status = answer.status
    if status == 400 and way.url.scheme == "http" and _HTTPS_PORT.search(text):
        return _speaks_tls(way.place, way.field)
    if status in (401, 403) and is_log_in and _WANTS_A_TOKEN.search(text):
        return _no_such_path(way)
    if status in (401, 403):
        return _of_credentials(status, "" if answer.is_page else text, way, is_page=answer.is_page)
    has_no_ids = call.safety is Safety.READ and "{" not in call.template
    if status in (404, 405, 410) and (has_no_ids or answer.is_page):
        return _no_such_path(way)
    if status in (404, 410) and way.has_path:
        advice = "Check the ids given to the task; the resource may have been deleted."
        return Cause("", f"{advice} If every call ends so, check {way.field}: calls begin at {way.address}.")
    if status == 407:
        where = way.proxy.where if way.proxy else "the environment"
        return Cause("the proxy asks for credentials", f"Name its user and password in {where}.")
    if 300 <= status < 400 and (location := answer.headers.get("Location") or ""):
        return _of_redirect(location, way)
    return None


def _no_such_path(way: Destination) -> Cause:
    return Cause(
        "there is no such path",
        f"The address may be wrong, or a path may have been pasted along: check {way.field}. "
        f"Calls begin at {way.address}.",
    )


def _of_credentials(status: int, text: str, way: Destination, *, is_page: bool) -> Cause:
    conn = f"the connection {way.conn_id!r}"
    wrong = f"The service does not know the key or the log-in: check {way.credentials}"
    if _LEVEL.search(text):
        return Cause(
            "the key is of another level or of another endpoint",
            f"Check password and key_level of {conn}, or give the task a connection with the key that this "
            "call needs. A retry will not help.",
        )
    speaks_of_key, speaks_of_permission = bool(_KEY.search(text)), bool(_PERMISSION.search(text))
    if speaks_of_key and speaks_of_permission:
        return Cause(
            "the credentials are not accepted, or lack the permission",
            f"{wrong} If they are right, they lack the permission for this call. A retry will not help.",
        )
    if speaks_of_key or (status == 401 and not speaks_of_permission):
        return Cause("the credentials are not accepted", f"{wrong} A retry will not help.")
    if speaks_of_permission:
        return Cause(
            "the permission is missing",
            f"The service knows the credentials of {conn} and refuses this call: check the ids in the extra, "
            "or ask the service's administrator for the permission. A retry will not help.",
        )
    if is_page:
        return Cause(
            "a web page refuses the call",
            f"A web page answered, perhaps of a proxy or a firewall: check {way.field}, then "
            f"{way.credentials} A retry will not help.",
        )
    return Cause(
        "",
        f"The service does not say why: check {way.credentials} If they are right, ask the service's "
        "administrator for the permission. A retry will not help.",
    )


def _of_redirect(location: str, way: Destination) -> Cause | None:
    try:
        target = way.url.join(location)
    except (ValueError, httpx.InvalidURL):
        return None
    if way.url.scheme == "http" and target.scheme == "https":
        return Cause("", f"It sends the call to https: check the scheme of {way.field}.")
    if target.host != way.url.host:
        return Cause("", f"It sends the call to {target.host}, which may be the right {way.field}.")
    return None
