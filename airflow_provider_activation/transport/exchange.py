"""The exchange of a call: sent until it is answered, once for threads and for the event loop."""

from __future__ import annotations

import asyncio
import email.utils
import logging
import random
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from airflow_provider_activation.api.call import NOTHING, Answer, Call, Safety, Token
from airflow_provider_activation.api.steps import Pause, Steps, adrive, drive
from airflow_provider_activation.errors import (
    ActivationError,
    AlternateActionRequired,
    AuthenticationFailed,
    Conflict,
    InvalidConnection,
    InvalidRequest,
    NotFound,
    NotSupported,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    UncertainOutcome,
    UnreadableResponse,
)
from airflow_provider_activation.redaction import Redactor, redact_library_logs
from airflow_provider_activation.transport.client import (
    Pieces,
    new_async_client,
    new_client,
    whole_or_nothing,
)
from airflow_provider_activation.transport.service import (
    Service,
    refuse_unfit_address,
    refuse_unfit_headers,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

USER_AGENT = "airflow-provider-activation"

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
LONGEST_PAUSE = 60.0
"""Seconds. A service that asks for a longer one gets it from the task's own retry."""
LONGEST_RETRY_AFTER = 86_400.0
"""Seconds. A service that asks for more is asked again after a day."""
LONGEST_EXCHANGE = 300.0
"""Seconds from the first sending to the last."""
TOKEN_MARGIN = 60.0
"""A token is renewed this many seconds before it expires, or after half its life if that is shorter."""
QUOTED_BODY = 1000
LARGE_ANSWER = 256 * 1024
"""Bytes. A larger answer is read in a thread: a list of ten thousand jobs would hold up the event loop."""

# raised before the first byte of the request could leave
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_ERRORS: Mapping[int, type[ActivationError]] = {
    400: InvalidRequest,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    422: InvalidRequest,
    501: NotSupported,
}


@dataclass(frozen=True)
class _Download:
    """A step: send a request and write the body of a good answer into a file."""

    request: httpx.Request
    file: Path


@dataclass(frozen=True)
class _Read:
    """A step: make a value of an answer."""

    call: Call[Any]
    response: httpx.Response


@dataclass(frozen=True)
class _LogIn:
    """A step: have a token that is not this one."""

    stale: Token | None


class Transport:
    """Sends calls of one service.

    :param service: what to know of the connection.
    :param on_secret: called with each secret a log-in yields, in the thread that logged in.
    :param aon_secret: the same on an event loop; left out, `on_secret` is called there.
    :param sleep: for tests, which do not want to wait.
    """

    def __init__(
        self,
        service: Service,
        *,
        on_secret: Callable[[str], None] = lambda secret: None,
        aon_secret: Callable[[str], Awaitable[None]] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        for address in (service.base_url, service.log_in.url if service.log_in else None):
            if address:
                refuse_unfit_address(address, service)
        refuse_unfit_headers(service)
        self.service = service
        self.redact = Redactor(service.secrets)
        redact_library_logs(self.redact)
        self._on_secret, self._aon_secret = on_secret, aon_secret
        self._sleep = sleep
        self._base = httpx.URL(service.base_url)
        self._token: Token | None = None
        self._token_renewal = 0.0
        self._resume_at = 0.0
        self._token_lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._client_lock = threading.Lock()
        self._async_sides: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, asyncio.Future[_AsyncSide]
        ] = weakref.WeakKeyDictionary()

    # on a worker

    def send(self, call: Call[T]) -> T:
        """Make one call and return what it answers.

        :raises ActivationError: see `airflow_provider_activation.errors`.
        """
        return drive(self._exchange(call), self._perform)

    def run(self, steps: Steps[T]) -> T:
        """Make several calls in a row; see `airflow_provider_activation.api.steps`."""
        return drive(steps, lambda step: self._perform(step) if isinstance(step, Pause) else self.send(step))

    def _perform(self, step: Any) -> Any:
        if isinstance(step, httpx.Request):
            return self._threads_client().send(step)
        if isinstance(step, _Download):
            response = self._threads_client().send(step.request, stream=True)
            with closing(response):
                if not _is_file(response):
                    response.read()
                    return response
                with whole_or_nothing(step.file) as file:
                    for piece in response.iter_bytes():
                        file.write(piece)
            return httpx.Response(response.status_code, headers=response.headers)
        if isinstance(step, _Read):
            return self._read(step.call, step.response)
        if isinstance(step, Pause):
            return self._sleep(step.seconds)
        with self._token_lock:
            if self._token is step.stale or self._token is None:
                for secret in self._keep(drive(self._token_exchange(), self._perform)):
                    self._on_secret(secret)
        return self._token

    def _threads_client(self) -> httpx.Client:
        if self._client is None:
            with self._client_lock:
                self._client = self._client or new_client(self.service)
        return self._client

    # on an event loop

    async def asend(self, call: Call[T]) -> T:
        """Make one call without blocking the event loop; see `send`."""
        return await adrive(self._exchange(call), self._aperform)

    async def arun(self, steps: Steps[T]) -> T:
        """Make several calls in a row without blocking the event loop; see `run`."""

        async def perform(step: Any) -> Any:
            return await (self._aperform(step) if isinstance(step, Pause) else self.asend(step))

        return await adrive(steps, perform)

    async def _aperform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        if isinstance(step, _Read):
            if len(step.response.content) < LARGE_ANSWER:
                return self._read(step.call, step.response)
            return await asyncio.to_thread(self._read, step.call, step.response)
        side = await self._async_side()
        if isinstance(step, httpx.Request):
            response = await side.client.send(step)
            # it and its stream hold each other, and would hold a long list until garbage is collected
            del response.stream
            return response
        if isinstance(step, _Download):
            response = await side.client.send(step.request, stream=True)
            async with aclosing(response):
                if not _is_file(response):
                    await response.aread()
                    return response
                with whole_or_nothing(step.file) as file:
                    async for piece in response.aiter_bytes():
                        await asyncio.to_thread(file.write, piece)
            return httpx.Response(response.status_code, headers=response.headers)
        async with side.lock:
            if self._token is step.stale or self._token is None:
                for secret in self._keep(await adrive(self._token_exchange(), self._aperform)):
                    if self._aon_secret is None:
                        self._on_secret(secret)
                    else:
                        await self._aon_secret(secret)
        return self._token

    def _new_async_side(self) -> _AsyncSide:
        return _AsyncSide(new_async_client(self.service))

    async def _async_side(self) -> _AsyncSide:
        loop = asyncio.get_running_loop()
        side = self._async_sides.get(loop)
        if side is None:
            # building the client reads certificates from disk, which must not hold up the loop
            side = asyncio.ensure_future(asyncio.to_thread(self._new_async_side))
            self._async_sides[loop] = side
        try:
            return await asyncio.shield(side)
        except ActivationError:
            self._async_sides.pop(loop, None)
            raise

    # the exchange, written once

    def _exchange(self, call: Call[T]) -> Steps[T]:
        """Send a call until it is answered, by the rules of its safety class."""
        self._refuse_wrong_key_level(call)
        repeatable = call.safety is not Safety.ONCE
        give_up_at = time.monotonic() + LONGEST_EXCHANGE
        sendings = 0
        renewed = False
        waited_until = 0.0
        token: Token | None = None
        while True:
            if self._needs_token(call):
                token = self._token
                if token is None or time.monotonic() >= self._token_renewal:
                    token = yield _LogIn(token)
            if self._resume_at > waited_until and (rest := self._resume_at - time.monotonic()) > 0:
                yield Pause(rest)
            sendings += 1
            may_retry = sendings <= self.service.max_retries and time.monotonic() < give_up_at
            try:
                request = self._request(call, token)
                response: httpx.Response = yield _Download(request, call.into) if call.into else request
            except httpx.TransportError as error:
                if may_retry and (repeatable or isinstance(error, _NEVER_LEFT)):
                    yield self._pause(call, sendings, type(error).__name__)
                    continue
                raise self._transport_failure(call, error, sendings) from None
            except httpx.HTTPError as error:  # such as a body that cannot be decompressed
                raise self._ambiguous(
                    call, f"the answer cannot be read ({type(error).__name__})", None
                ) from None
            status = response.status_code
            if response.is_success or status in call.accepts:
                read: T = yield _Read(call, response)
                return read
            if status in (401, 403) and token is not None and not renewed:
                renewed = True
                sendings -= 1
                yield _LogIn(token)
                continue
            if status == 429 or (status in RETRIED_STATUSES and repeatable):
                pause = self._pause(call, sendings, f"answer {status}", _retry_after(response))
                if status == 429:
                    # the limit is the connection's: whoever else uses it waits as well
                    waited_until = self._resume_at = time.monotonic() + min(pause.seconds, LONGEST_PAUSE)
                if may_retry and pause.seconds <= LONGEST_PAUSE:
                    yield pause
                    continue
            raise self._refusal(call, response)

    def _token_exchange(self) -> Steps[Token]:
        log_in = self.service.log_in
        assert log_in is not None
        try:
            return (yield from self._exchange(log_in))
        except InvalidRequest as error:
            # a log-in refused as a bad request is about the credentials, not about the task's arguments
            raise AuthenticationFailed(
                error.message, service=error.service, operation=error.operation, status=error.status
            ) from None

    def _needs_token(self, call: Call[Any]) -> bool:
        return self.service.log_in is not None and call is not self.service.log_in

    def _keep(self, token: Token) -> tuple[str, ...]:
        for secret in token.secrets:
            self.redact.add(secret)
        self._token = token
        self._token_renewal = time.monotonic() + max(token.lifetime - TOKEN_MARGIN, token.lifetime / 2)
        return token.secrets

    def _request(self, call: Call[Any], token: Token | None) -> httpx.Request:
        if call.url is not None:
            url = httpx.URL(call.url)
        else:
            url = self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + call.path.encode("ascii"))
        if call.query:
            url = url.copy_with(params=list(call.query))
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if call.url is None:
            headers |= self.service.headers
        if token is not None:
            headers |= token.headers
        if call.file is not None:
            # httpx works out no header of its own for a stream
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
            extensions={"timeout": httpx.Timeout(self.service.timeout).as_dict()},
        )

    def _pause(self, call: Call[Any], sendings: int, why: str, retry_after: float | None = None) -> Pause:
        backoff = min(LONGEST_PAUSE, 0.5 * 2 ** (sendings - 1))
        seconds = retry_after if retry_after is not None else backoff * random.uniform(0.5, 1.0)
        log.debug("%r: %s, to be sent again after %.1f s", call, why, seconds)
        return Pause(seconds)

    def _read(self, call: Call[T], response: httpx.Response) -> T:
        answer = Answer(response.status_code, response.headers, response.content)
        try:
            return call.parse(answer)
        except ActivationError as error:
            error.service, error.operation, error.status = call.service, call.operation, answer.status
            # the answer to a log-in may hold a token that is not known to be one yet
            error.body = None if call is self.service.log_in else self._quote(error.body or answer.text)
            error.message = self.redact(error.message)
            error.args = (error.message,)
            if call.safety is Safety.ONCE and isinstance(error, UnreadableResponse):
                raise self._ambiguous(call, error.message, response) from None
            raise

    def _quote(self, text: str) -> str | None:
        # redacted before it is cut, so that no half of a secret is left at the end
        return " ".join(self.redact(text)[: 4 * QUOTED_BODY].split())[:QUOTED_BODY] or None

    def _context(self, call: Call[Any], response: httpx.Response | None = None) -> dict[str, Any]:
        return {
            "service": call.service,
            "operation": call.operation,
            "status": response.status_code if response is not None else None,
            "body": self._quote(response.text) if response is not None else None,
        }

    def _ambiguous(self, call: Call[Any], what: str, response: httpx.Response | None) -> ActivationError:
        """What to raise when a call may have taken effect: uncertain only if a second one is damage."""
        if call.safety is Safety.ONCE:
            return UncertainOutcome(
                f"{call.method} {call.template} may or may not have taken effect: {what}.",
                **self._context(call, response),
            )
        kind = ServiceUnavailable if response is None or response.is_server_error else UnreadableResponse
        return kind(f"{call.method} {call.template}: {what}.", **self._context(call, response))

    def _transport_failure(
        self, call: Call[Any], error: httpx.TransportError, sendings: int
    ) -> ActivationError:
        what = self.redact(f"{type(error).__name__}: {error}".rstrip(": "))
        if isinstance(error, _NEVER_LEFT):
            return ServiceUnavailable(
                f"{call.method} {call.template} could not be sent to {self._base.host} "
                f"({what}; {sendings} tries).",
                **self._context(call),
            )
        return self._ambiguous(call, f"{what} after {sendings} tries", None)

    def _refusal(self, call: Call[Any], response: httpx.Response) -> ActivationError:
        status = response.status_code
        said = f"{call.method} {call.template} answered {status}."
        context = self._context(call, response)
        if status == 429:
            return RateLimited(said, retry_after=_retry_after(response), **context)
        if status == 308:
            return AlternateActionRequired(said, share_action=_share_action(response), **context)
        if response.is_redirect or status < 400:
            return self._ambiguous(call, f"it answered {status}, and redirects are not followed", response)
        if kind := _ERRORS.get(status):
            return kind(said, **context)
        if status >= 500 or status == 408:
            return self._ambiguous(call, f"it answered {status}", response)
        return InvalidRequest(said, **context)

    def _refuse_wrong_key_level(self, call: Call[Any]) -> None:
        level = self.service.key_level
        if call.key_levels and level is not None and level not in call.key_levels:
            raise InvalidConnection(
                f"the call needs an authentication key of level {' or '.join(sorted(call.key_levels))}, "
                f"but the connection {self.service.conn_id!r} holds one of level {level}.",
                service=call.service,
                operation=call.operation,
            )

    # clients

    @contextmanager
    def apart(self, *, timeout: float) -> Iterator[Transport]:
        """A transport for the same connection with a client and locks of its own, and no second tries.

        For signal handlers: the code they interrupt may be inside this transport's client.

        :param timeout: seconds to wait for an answer.
        """
        transport = Transport(replace(self.service, timeout=timeout, max_retries=0), sleep=self._sleep)
        transport.redact = self.redact
        transport._token, transport._token_renewal = self._token, self._token_renewal
        try:
            yield transport
        finally:
            transport.close()

    def close(self) -> None:
        """Close the client of the threads."""
        if self._client is not None:
            self._client.close()

    async def __aenter__(self) -> Self:
        """Use this event loop's client for a while; whoever is the last to leave closes it."""
        (await self._async_side()).users += 1
        return self

    async def __aexit__(self, *reason: object) -> None:
        side = await self._async_side()
        side.users -= 1
        if side.users == 0:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the client of this event loop."""
        side = self._async_sides.pop(asyncio.get_running_loop(), None)
        if side is not None:
            await (await side).client.aclose()


class _AsyncSide:
    """What belongs to one event loop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.lock = asyncio.Lock()
        self.users = 0


def _is_file(response: httpx.Response) -> bool:
    """Whether a download's body is what was asked for, and not what a proxy or the service says of it."""
    return response.is_success and not Answer(response.status_code, response.headers, b"").is_page


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds the service asks to wait: it may give a number or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(LONGEST_RETRY_AFTER, float(value))
    try:
        seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(LONGEST_RETRY_AFTER, max(0.0, seconds))


def _share_action(response: httpx.Response) -> str | None:
    try:
        return str(response.json()["shareAction"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
