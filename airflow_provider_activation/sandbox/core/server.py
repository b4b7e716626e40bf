"""The web server, in a background thread."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Literal, Self, TypeVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from airflow_provider_activation.sandbox.core.app import Application
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import DEFAULT_PORT, Settings, merge_secrets

T = TypeVar("T")

START_SECONDS = 10.0


class _Protocol(H11Protocol):
    """HTTP/1.1. The application gets the transport, so that it can hang up."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # A query may carry credentials. uvicorn turns the log on when its logger has handlers.
        self.access_log = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server:
    """The services on one port, from `start` (or ``with``) until `stop`."""

    service_types: ClassVar[Sequence[type[Service]]] = ()
    """The services to serve."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        consent: Literal["auto", "manual"] = "manual",
        step_seconds: float = 1.0,
        token_seconds: int | None = None,
        secrets: Mapping[str, str] | None = None,
        tenants: int = 0,
    ) -> None:
        if consent not in ("auto", "manual"):
            raise ValueError(f"consent is auto or manual, not {consent!r}")
        if step_seconds < 0:
            raise ValueError("step_seconds must not be negative")
        if token_seconds is not None and token_seconds < 1:
            raise ValueError("token_seconds must be at least 1")
        if tenants < 0:
            raise ValueError("tenants must not be negative")
        self._merged = merge_secrets(secrets)
        self._host, self._port = host, port
        self._consent: Literal["auto", "manual"] = consent
        self._step_seconds, self._token_seconds = step_seconds, token_seconds
        self._tenants = tenants
        self._application: Application | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> Self:
        """Listen. Return when the server accepts requests."""
        if self._thread is not None:
            raise RuntimeError("this sandbox is running already")
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._application = Application(
            Settings(
                self._consent,
                self._step_seconds,
                self._token_seconds,
                self._merged,
                self._host,
                self.url,
                tenants=self._tenants,
            ),
            self.service_types,
        )
        config = uvicorn.Config(
            self._application,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            # Longer than any poll interval, so that the server does not close idle connections.
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="activation-sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.002)
        return self

    def _run(self, listener: socket.socket) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            if self._server is not None:
                await self._server.serve(sockets=[listener])

        try:
            asyncio.run(serve())
        finally:
            listener.close()

    def stop(self) -> None:
        """Stop the server. The state can still be read."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(START_SECONDS)
        self._server = self._thread = self._loop = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the front page, without a slash at the end."""
        # A browser cannot open a wildcard address. The loopback address is part of it.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def secrets(self) -> dict[str, str]:
        """The credentials by name."""
        return dict(self._merged)

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """The Airflow connections by their ids, with secrets."""
        return self._ask(lambda application: application.connections())

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The recorded requests, oldest first, without secrets."""
        return self._ask(lambda application: application.recorder.as_json())

    def state(self) -> dict[str, Any]:
        """All stored resources of each service, as JSON."""
        return self._ask(lambda application: application.state())

    def reset(self) -> None:
        """Return to the state at the start: no tokens, no requests, no misbehaviours, no habits."""
        self._ask(lambda application: application.reset())

    def misbehave(self, what: str, **rule: Any) -> int:
        """Add a misbehaviour; return its id. The fields are those of POST /sandbox/misbehaviours."""
        return self._ask(lambda application: application.misbehaviours.add({"what": what, **rule}).id)

    def behave(self) -> None:
        """Remove all misbehaviours."""
        self._ask(lambda application: application.misbehaviours.clear())

    def habit(self, what: str, **habit: Any) -> int:
        """Add a habit; return its id. The fields are those of POST /sandbox/habits."""
        return self._ask(lambda application: application.habits.add({"what": what, **habit}).id)

    def forget_habits(self) -> None:
        """Remove all habits."""
        self._ask(lambda application: application.habits.clear())

    def advance(self, seconds: float) -> None:
        """Advance the clock: jobs, deliveries and runs proceed, tokens expire."""
        self._ask(lambda application: application.settings.clock.advance(seconds))

    def expire_tokens(self) -> None:
        """Expire all access tokens."""
        self._ask(lambda application: application.expire_tokens())

    def _ask(self, function: Callable[[Application], T]) -> T:
        """Call a function in the event loop of the server, so that no request is half done."""
        application, loop = self._application, self._loop
        if application is None:
            raise RuntimeError("this sandbox has not been started")
        if loop is None or not loop.is_running():
            return function(application)

        async def ask() -> T:
            return function(application)

        return asyncio.run_coroutine_threadsafe(ask(), loop).result(START_SECONDS)


def _listen(host: str, port: int) -> socket.socket:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        version = 4
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    # With a named protocol, asyncio sets TCP_NODELAY. Otherwise each response waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host} port {port}: {error.strerror}") from None
    listener.listen(1024)
    listener.setblocking(False)
    return listener
