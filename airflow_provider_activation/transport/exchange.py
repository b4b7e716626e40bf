"""The exchange of a call: the requests and pauses until it is answered, for threads and for event loops.

An exchange is a generator. It yields what has to be done (a request, a `Download`, a `LogIn`, a `Read`, a
`Pause`), and `transport.Transport` does it and sends back the result.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import httpx

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import NOTHING, Answer, Call, Safety, Token
from airflow_provider_activation.api.steps import Pause
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.redaction import Redactor
from airflow_provider_activation.transport.client import Pieces
from airflow_provider_activation.transport.refusals import NEVER_LEFT, Refusals, retry_after
from airflow_provider_activation.transport.settings import ConnectionSettings

T = TypeVar("T")
Exchange: TypeAlias = Generator[Any, Any, T]

log = logging.getLogger(__name__)

USER_AGENT = "airflow-provider-activation"
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LONGEST_PAUSE = 60.0
"""Seconds. If the service asks for a longer pause, the task's own retry waits for it."""
LONGEST_EXCHANGE = 300.0
"""Seconds from the first request to the last."""
TOKEN_MARGIN = 60.0
"""Seconds before its end at which a token is renewed; at half of its lifetime if that is later."""


@dataclass(frozen=True)
class Download:
    """Send a request and write the body of a good response into a file."""

    request: httpx.Request
    file: Path


@dataclass(frozen=True)
class Read:
    """Make a value of a response."""

    call: Call[Any]
    response: httpx.Response


@dataclass(frozen=True)
class LogIn:
    """Have a token other than this one."""

    stale: Token | None


class Exchanges:
    """The exchanges of one connection. They follow the safety class of each call and share one token."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.redact = Redactor(settings.secrets)
        self.token: Token | None = None
        self._renewal = 0.0
        self._settings = settings
        self._base = httpx.URL(settings.base_url)
        self._refusals = Refusals(self.redact, self._base.host)
        self._resume_at = 0.0

    def exchange(self, call: Call[T]) -> Exchange[T]:
        """Send a call until it is answered."""
        self._refuse_wrong_key_level(call)
        repeatable = call.safety is not Safety.ONCE
        give_up_at = time.monotonic() + LONGEST_EXCHANGE
        attempts = 0
        renewed = False
        waited_until = 0.0
        token: Token | None = None
        while True:
            if self._needs_token(call):
                token = self.token
                if token is None or time.monotonic() >= self._renewal:
                    token = yield LogIn(token)
            if self._resume_at > waited_until and (rest := self._resume_at - time.monotonic()) > 0:
                yield Pause(rest)
            attempts += 1
            may_retry = attempts <= self._settings.max_retries and time.monotonic() < give_up_at
            try:
                request = self._request(call, token)
                response: httpx.Response = yield Download(request, call.into) if call.into else request
            except httpx.TransportError as error:
                if may_retry and (repeatable or isinstance(error, NEVER_LEFT)):
                    yield _pause(call, attempts, type(error).__name__)
                    continue
                raise self._refusals.of_connection(call, error, attempts) from None
            except httpx.HTTPError as error:  # such as a body that cannot be decompressed
                what = f"the answer cannot be read ({type(error).__name__})"
                raise self._refusals.of_doubt(call, what) from None
            status = response.status_code
            if response.is_success or status in call.accepts:
                value: T = yield Read(call, response)
                return value
            if status in (401, 403) and token is not None and not renewed:
                renewed = True
                attempts -= 1
                yield LogIn(token)
                continue
            if status == 429 or (status in RETRIED_STATUSES and repeatable):
                pause = _pause(call, attempts, f"answer {status}", retry_after(response))
                if status == 429:
                    # the limit is for the connection: its other calls wait too
                    waited_until = self._resume_at = time.monotonic() + min(pause.seconds, LONGEST_PAUSE)
                if may_retry and pause.seconds <= LONGEST_PAUSE:
                    yield pause
                    continue
            raise self._refusals.of_status(call, response)

    def log_in(self) -> Exchange[tuple[str, ...]]:
        """Request a token and keep it; returns its secrets."""
        log_in = self._settings.log_in
        assert log_in is not None
        try:
            token = yield from self.exchange(log_in)
        except errors.InvalidRequest as error:
            # the credentials are wrong, not the arguments of the task
            raise errors.AuthenticationFailed(
                error.message, service=error.service, operation=error.operation, status=error.status
            ) from None
        for secret in token.secrets:
            self.redact.add(secret)
        self.token = token
        self._renewal = time.monotonic() + max(token.lifetime - TOKEN_MARGIN, token.lifetime / 2)
        return token.secrets

    def read(self, call: Call[T], response: httpx.Response) -> T:
        """Make a value of a response."""
        try:
            return call.parse(Answer(response.status_code, response.headers, response.content))
        except ActivationError as error:
            # the response to a log-in may contain a token that is not redacted yet
            quoted = call is not self._settings.log_in
            raise self._refusals.of_reading(call, error, response, quoted=quoted) from None

    def with_token_of(self, other: Exchanges) -> None:
        """Use the token and the known secrets of other exchanges of the same connection."""
        self.redact = other.redact
        self._refusals = Refusals(self.redact, self._base.host)
        self.token, self._renewal = other.token, other._renewal

    def _needs_token(self, call: Call[Any]) -> bool:
        return self._settings.log_in is not None and call is not self._settings.log_in

    def _request(self, call: Call[Any], token: Token | None) -> httpx.Request:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if call.url is not None:
            url = httpx.URL(call.url)
        else:
            url = self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + call.path.encode("ascii"))
            headers |= self._settings.headers
        if call.query:
            url = url.copy_with(params=list(call.query))
        if token is not None:
            headers |= token.headers
        if call.file is not None:
            # httpx sets no headers for a stream
            headers |= {
                "Host": url.netloc.decode("ascii"),
                "Content-Type": call.file.content_type,
                "Content-Length": str(call.file.size),
            }
        return httpx.Request(
            call.method,
            url,
            headers=headers,
            json=None if call.json is NOTHING else call.json,
            data=dict(call.form) or None,
            stream=None if call.file is None else Pieces(call.file),
            extensions={"timeout": httpx.Timeout(self._settings.timeout).as_dict()},
        )

    def _refuse_wrong_key_level(self, call: Call[Any]) -> None:
        level = self._settings.key_level
        if call.key_levels and level is not None and level not in call.key_levels:
            raise errors.InvalidConnection(
                f"the call needs an authentication key of level {' or '.join(sorted(call.key_levels))}, "
                f"but the connection {self._settings.conn_id!r} holds one of level {level}.",
                service=call.service,
                operation=call.operation,
            )


def _pause(call: Call[Any], attempts: int, why: str, asked: float | None = None) -> Pause:
    """How long to wait before the next attempt: the seconds the service asks for, or else a growing pause."""
    backoff = min(LONGEST_PAUSE, 0.5 * 2 ** (attempts - 1))
    seconds = asked if asked is not None else backoff * random.uniform(0.5, 1.0)
    log.debug("%r: %s, to be sent again after %.1f s", call, why, seconds)
    return Pause(seconds)
