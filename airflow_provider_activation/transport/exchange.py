"""The exchange of a call: the requests and pauses until it is answered, for threads and for event loops.

An exchange is a generator. It yields what has to be done (a `Send`, a `LogIn`, a `Read`, a `Pause`), and
`transport.Transport` does it and sends back the result.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator
from copy import copy
from dataclasses import dataclass, field
from math import inf
from typing import Any, TypeAlias, TypeVar

import httpx

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import NOTHING, Answer, Call, Page, Safety, Token
from airflow_provider_activation.api.rows import unreadable_of
from airflow_provider_activation.api.steps import Pause
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.redaction import Redactor, logger, without_contacts
from airflow_provider_activation.simulation import refuse_change
from airflow_provider_activation.transport.attempt import NotAnswered
from airflow_provider_activation.transport.body import ACCEPT_ENCODING, Pieces, UnfitBody
from airflow_provider_activation.transport.refusals import Refusals, retry_after
from airflow_provider_activation.transport.settings import ConnectionSettings

T = TypeVar("T")
Exchange: TypeAlias = Generator[Any, Any, T]

log = logger(__name__)

USER_AGENT = "airflow-provider-activation"
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LONGEST_BACKOFF = 60.0
"""Seconds. The pause before an attempt is not longer, unless the service asks for it; nor do the other calls
of a connection wait longer because one was told to."""
LONGEST_EXCHANGE = 600.0
"""Seconds from the first attempt to the end of the last one, pauses included. Only a file may take longer."""
ATTEMPT = 4
"""An attempt may take this many times the connection's `timeout` in all."""
TOKEN_MARGIN = 60.0
"""Seconds before its end at which a token is renewed; at half of its lifetime if that is later."""


@dataclass(slots=True)
class Send:
    """Make one attempt at a call.

    :param ends: the monotonic time at which the attempt ends.
    """

    call: Call[Any]
    request: httpx.Request
    ends: float


@dataclass(slots=True)
class Read:
    """Make a value of an answer."""

    call: Call[Any]
    answer: Answer


@dataclass(slots=True)
class LogIn:
    """Have a token other than this one.

    :param ends: the monotonic time at which the log-in ends.
    :param since: the monotonic time since which it is waited for.
    """

    stale: Token | None
    ends: float
    since: float = field(default_factory=time.monotonic)


class Exchanges:
    """The exchanges of one connection. They follow the safety class of each call and share one token."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.redact = Redactor(settings.secrets)
        self.token: Token | None = None
        self._renewal = 0.0
        self._refused: errors.AuthenticationFailed | None = None
        self._refused_at = 0.0
        self._settings = settings
        self._base = httpx.URL(settings.base_url)
        self._refusals = Refusals(self.redact, self._settings)
        self._resume_at = 0.0
        self._said: set[tuple[str, str]] = set()

    def exchange(self, call: Call[T], ends: float = inf) -> Exchange[T]:
        """Send a call until it is answered.

        :param ends: the monotonic time at which the exchange gives up, if that comes before its own end.
        :raises WouldChange: the running task is simulated, and the call changes something.
        """
        self._refuse_wrong_key_level(call)
        self._refuse_unproven_audience(call)
        if call.safety is not Safety.READ and call is not self._settings.log_in:
            refuse_change(f"call {call.service} {call.operation}")
        give_up_at = min(time.monotonic() + LONGEST_EXCHANGE, ends)
        attempts = 0
        renewed = False
        waited_until = 0.0
        token: Token | None = None
        while True:
            if self._needs_token(call):
                token = self.token
                if token is None or time.monotonic() >= self._renewal:
                    token = yield LogIn(token, give_up_at)
            if self._resume_at > waited_until and (rest := self._resume_at - time.monotonic()) > 0:
                if time.monotonic() + rest >= give_up_at:
                    raise self._refusals.of_limit(call, rest)
                yield Pause(rest)
            attempts += 1
            request = self._request(call, token)
            try:
                # a file may take longer than the exchange
                attempt_ends = ends if call.is_file else give_up_at
                answer: Answer = yield Send(call, request, attempt_ends)
            except NotAnswered as failed:
                pause = _pause(attempts)
                may = not failed.sent or call.safety is not Safety.ONCE
                may = may and not (failed.cause and failed.cause.of_connection)
                if may and self._repeats(call, failed.what, attempts, pause, give_up_at):
                    yield Pause(pause)
                    continue
                raise self._refusals.of_attempt(call, failed, attempts) from None
            except UnfitBody as unfit:
                pause = _pause(attempts)
                may = unfit.is_cut and call.safety is not Safety.ONCE
                if may and self._repeats(call, str(unfit), attempts, pause, give_up_at):
                    yield Pause(pause)
                    continue
                raise self._refusals.of_body(call, unfit) from None
            except ActivationError:
                raise
            except Exception as error:  # what nobody expects
                unexpected = NotAnswered(f"{type(error).__name__}: {error}", sent=True)
                raise self._refusals.of_attempt(call, unexpected, attempts) from None
            status = answer.status
            log.debug("%r: answer %d", call, status)
            if answer.is_success or status in call.accepts:
                value: T = yield Read(call, answer)
                return value
            if status in (401, 403) and token is not None and not renewed:
                renewed = True
                attempts -= 1
                log.warning(
                    "%s %s: answered %d. It is sent again with a new token.",
                    call.service,
                    call.operation,
                    status,
                )
                yield LogIn(token, give_up_at)
                continue
            pause = _pause(attempts, retry_after(answer))
            if status == 429:
                # the limit is for the connection: its other calls wait too
                waited_until = self._resume_at = time.monotonic() + min(pause, LONGEST_BACKOFF)
            may = status == 429 or (status in RETRIED_STATUSES and call.safety is not Safety.ONCE)
            if may and self._repeats(call, f"answered {status}", attempts, pause, give_up_at):
                yield Pause(pause)
                continue
            raise self._refusals.of_status(call, answer)

    def _repeats(self, call: Call[Any], why: str, attempts: int, pause: float, give_up_at: float) -> bool:
        """Whether there is another attempt after a pause in seconds; it is said in the log."""
        if attempts > self._settings.max_retries or time.monotonic() + pause >= give_up_at:
            return False
        log.warning(
            "%s %s: %s. Attempt %d of %d in %.1f s.",
            call.service,
            call.operation,
            without_contacts(self.redact(why)).rstrip("."),
            attempts + 1,
            self._settings.max_retries + 1,
            pause,
        )
        return True

    def log_in(self, wanted: LogIn) -> Exchange[tuple[str, ...]]:
        """Request a token and keep it; returns its secrets.

        :raises AuthenticationFailed: the service refuses the credentials, or refused them meanwhile. Hundreds
            of waits may share a connection, and a few wrong passwords lock an account.
        """
        log_in = self._settings.log_in
        assert log_in is not None
        if self._refused is not None and self._refused_at > wanted.since:
            raise copy(self._refused)
        try:
            token = yield from self.exchange(log_in, wanted.ends)
        except errors.AuthenticationFailed as error:
            raise self._remembered(error) from None
        except errors.InvalidRequest as error:
            # the credentials are wrong, not the arguments of the task
            refused = errors.AuthenticationFailed(
                error.message,
                service=error.service,
                operation=error.operation,
                status=error.status,
                advice=vars(error).get("advice"),
            )
            raise self._remembered(refused) from None
        for secret in token.secrets:
            self.redact.add(secret)
        self.token = token
        self._renewal = time.monotonic() + max(token.lifetime - TOKEN_MARGIN, token.lifetime / 2)
        return token.secrets

    def _remembered(self, refused: errors.AuthenticationFailed) -> errors.AuthenticationFailed:
        self._refused, self._refused_at = copy(refused), time.monotonic()
        return refused

    def read(self, call: Call[T], answer: Answer) -> T:
        """Make a value of an answer."""
        try:
            value = call.parse(answer)
        except ActivationError as error:
            # the response to a log-in may contain a token that is not redacted yet
            quoted = call is not self._settings.log_in
            raise self._refusals.of_reading(call, error, answer, quoted=quoted) from None
        left_out = unreadable_of(value)
        if left_out and (said := (call.operation, self.redact(left_out[0].reason))) not in self._said:
            self._said.add(said)
            log.warning(
                "%s %s: %d rows are left out, they cannot be read: %s",
                call.service,
                call.operation,
                len(left_out),
                said[1],
            )
        remark = value.remark if isinstance(value, Page) else None
        if remark and (said := (call.operation, "remark")) not in self._said:
            self._said.add(said)
            log.warning("%s %s: %s", call.service, call.operation, remark)
        return value

    def with_token_of(self, other: Exchanges) -> None:
        """Use the token and the known secrets of other exchanges of the same connection."""
        self.redact = other.redact
        self._refusals = Refusals(self.redact, self._settings)
        self.token, self._renewal = other.token, other._renewal

    def _needs_token(self, call: Call[Any]) -> bool:
        return self._settings.log_in is not None and call is not self._settings.log_in

    def _request(self, call: Call[Any], token: Token | None) -> httpx.Request:
        try:
            return self._new_request(call, token)
        except (ValueError, TypeError, RecursionError, OSError, httpx.InvalidURL) as error:
            # such as half of a character, or a file that is gone
            what = f"{call.method} {self.redact(call.path)} cannot be sent ({type(error).__name__})."
            context: Any = {"service": call.service, "operation": call.operation}
            raise errors.InvalidRequest(what, **context) from None

    def _new_request(self, call: Call[Any], token: Token | None) -> httpx.Request:
        headers = {"Accept": "application/json", "Accept-Encoding": ACCEPT_ENCODING, "User-Agent": USER_AGENT}
        if call.url is not None:
            url = httpx.URL(call.url)
        else:
            url = self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + call.path.encode("ascii"))
            headers |= self._settings.headers
        if call.query:
            spelled = self._settings.query_names
            url = url.copy_with(params=[(spelled.get(name, name), value) for name, value in call.query])
        if token is not None:
            headers |= token.headers
        if call.into is not None:
            # what comes after the end of the file must not be read as the next response
            headers["Connection"] = "close"
        if call.file is not None:
            # httpx sets no headers for a stream
            headers |= {
                "Host": url.netloc.decode("ascii"),
                "Content-Type": call.file.content_type,
                "Content-Length": str(call.file.size),
            }
            if call.file.encoding is not None:
                headers["Content-Encoding"] = call.file.encoding
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

    def _refuse_unproven_audience(self, call: Call[Any]) -> None:
        if self._settings.require_suppression and call.is_unproven:
            raise errors.UnfitAudience(
                f"the connection {self._settings.conn_id!r} requires suppression, and no manifest shows that "
                "people were suppressed in what this call sends.",
                advice=errors.SUPPRESS,
                service=call.service,
                operation=call.operation,
            )


def _pause(attempts: int, asked: float | None = None) -> float:
    """Seconds before the next attempt: what the service asks for, or else a growing pause."""
    backoff = min(LONGEST_BACKOFF, 0.5 * 2 ** (attempts - 1))
    return asked if asked is not None else backoff * random.uniform(0.5, 1.0)
