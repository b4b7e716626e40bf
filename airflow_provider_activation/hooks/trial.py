"""Airflow's "Test" button: a few calls that only read, within seconds, and what they show.

It says what was checked and what was not. A failure names its cause, see `transport.causes`.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import ActivationError, ServiceUnavailable
from airflow_provider_activation.redaction import Redactor, printable
from airflow_provider_activation.transport import ConnectionSettings, Transport
from airflow_provider_activation.transport.causes import Destination

SECONDS = 10.0
"""A test ends within this time."""
CALLS = 6.5
"""Seconds that all calls of a test have."""
GUESS = 1.0
"""Seconds for each of two steps that find out whether a port speaks http or https."""
QUOTED = 200
"""Characters of a service's own words in the result."""


@dataclass(frozen=True)
class Check:
    """A call of a test.

    :param shows: what its success shows.
    :param refused: what it shows if the service refuses this call, but took those before.
    """

    call: Call[Any]
    shows: str
    refused: str = ""


@dataclass(frozen=True)
class Plan:
    """The calls of a test, one after the other, and what none of them can show."""

    checks: tuple[Check, ...]
    unchecked: tuple[str, ...] = ("whether the service lets these credentials change anything",)


@dataclass
class _Course:
    """What has happened so far."""

    shown: list[str]
    check: Check | None = None
    error: Exception | None = None
    guess: str = ""


def try_out(settings: ConnectionSettings, plan: Plan) -> tuple[bool, str, list[str]]:
    """Whether a connection works, what to say of it, and the secrets of tokens that it got.

    The calls run in a thread: nothing else can give up a look-up of a name, which the system does.
    """
    secrets: list[str] = []
    course = _Course([])
    settings = replace(settings, max_retries=0)
    redact = Redactor(settings.secrets)
    ends = time.monotonic() + CALLS

    def work() -> None:
        try:
            transport = Transport(settings, on_secret=secrets.append)
            try:
                for course.check in plan.checks:
                    transport.send(course.check.call, ends=ends)
                    course.shown.append(course.check.shows)
            finally:
                transport.close()
        except Exception as error:
            if course.check and isinstance(error, ServiceUnavailable) and error.status is None:
                course.guess = _guess(Destination(settings, course.check.call.url))
            course.error = error

    thread = threading.Thread(target=work, daemon=True, name="connection-test")
    thread.start()
    thread.join(0.95 * SECONDS)
    if thread.is_alive() and course.error is None:
        names = " or ".join(sorted({Destination(settings, url).looked_up for url in settings.addresses}))
        advice = "Check the host, and the name servers of this machine."
        return False, f"{settings.name}: the look-up of the name {names} did not end. {advice}", secrets
    if course.error is None:
        return True, _good(settings, plan, course), secrets
    for secret in secrets:
        redact.add(secret)
    return False, printable(redact(_bad(settings, course))), secrets


def _good(settings: ConnectionSettings, plan: Plan, course: _Course) -> str:
    unchecked = list(plan.unchecked)
    if settings.base_url.startswith("http://"):
        unchecked.append("a certificate (http has none)")
    elif settings.verify is False:
        unchecked.append("the certificate (verify is false)")
    said = f"{settings.name} answers at {settings.base_url}. Checked: {'; '.join(course.shown)}."
    if settings.require_suppression:
        said += " Audiences are sent only with a manifest that shows suppression (require_suppression)."
    return f"{said} Not checked: {'; '.join(unchecked)}." if unchecked else said


def _bad(settings: ConnectionSettings, course: _Course) -> str:
    error = course.error
    if not isinstance(error, ActivationError):
        return f"{settings.name}: the test failed ({type(error).__name__})."
    said = [f"{settings.name}:"]
    if course.check and course.check.refused and _is_refusal(error):
        said += course.check.refused, error.message
    else:
        said += error.message, error.advice
    said.append(course.guess)
    if course.shown:
        said.append(f"Checked before: {'; '.join(course.shown)}.")
    if error.body:
        said.append(f"The service said: {error.body[:QUOTED]}")
    return " ".join(part for part in said if part)


def _is_refusal(error: ActivationError) -> bool:
    return error.status is not None and 400 <= error.status < 500 and error.status not in (408, 429)


def _guess(way: Destination) -> str:
    """Whether a port speaks https where http is called, or the reverse. No secret is sent."""
    if way.proxy is not None:
        return ""
    try:
        with socket.create_connection((way.host, way.port), GUESS) as sock:
            sock.settimeout(GUESS)
            if way.url.scheme == "http":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                with context.wrap_socket(sock, server_hostname=way.host):
                    return f"{way.place} speaks TLS: write https:// in {way.field}."
            sock.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return f"{way.place} speaks plain http." if sock.recv(5) == b"HTTP/" else ""
    except OSError:
        return ""
