"""What the four fakes have in common: routes, time, and errors in the vendor's form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_provider_activation.sandbox.core.messages import (
    Answer,
    Chunks,
    Incoming,
    Refused,
    Route,
    find_route,
)
from airflow_provider_activation.sandbox.core.reading import Invalid
from airflow_provider_activation.sandbox.core.settings import Settings, Vault


def iso(moment: float) -> str:
    """A moment as an ISO 8601 time in UTC with milliseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Service(ABC):
    """One vendor's API. All of its methods run in the server's one event loop, none of them waits."""

    name: str
    title: str
    routes: Sequence[Route]
    invalid_status = 400
    """The status for a request that is malformed."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self.settings = settings
        self.vault = vault
        self.url = f"{settings.url}/{self.name}"

    def now(self) -> float:
        """The moment it is here, in Unix time."""
        return self.settings.clock.now()

    @abstractmethod
    def error(self, status: int, message: str) -> Answer:
        """An error in the vendor's own form."""

    @abstractmethod
    def authenticate(self, incoming: Incoming) -> None:
        """Raise Refused unless the caller may call this API at all."""

    @abstractmethod
    def state(self) -> dict[str, list[dict[str, Any]]]:
        """Everything the service holds now, as plain JSON."""

    @abstractmethod
    def connections(self) -> Mapping[str, dict[str, Any]]:
        """The Airflow connections that open this service."""

    beside_api: tuple[str, ...] = ()
    """Beginnings of paths that are not the vendor's API: a page for people, another way in."""

    seeded: frozenset[str] = frozenset()
    """The parts of `state` that are there from the start and never change."""

    def conceal(self, entry: dict[str, Any]) -> None:  # noqa: B027
        """Take out of a recorded request the secrets that stand where nobody would look for them."""

    def expire_tokens(self) -> None:  # noqa: B027
        """End every access token, where the service has such."""

    def settle(self, now: float) -> None:  # noqa: B027
        """Carry out what has become due since the last request."""

    def find(self, incoming: Incoming) -> tuple[Route, list[str]]:
        """Authenticate, then find the operation."""
        self.authenticate(incoming)
        return find_route(self.routes, incoming)

    def streams(self, incoming: Incoming) -> bool:
        """Whether the body of this request is to be read chunk by chunk."""
        try:
            return find_route(self.routes, incoming)[0].stream is not None
        except Refused:
            return False

    def answer(self, incoming: Incoming) -> Answer:
        """Do what the request asks, or say in the vendor's form why not."""
        try:
            self.settle(self.now())
            route, values = self.find(incoming)
            if route.handler is None:
                raise AssertionError(f"{route.template} reads its body as a stream")
            return route.handler(incoming, *values)
        except (Refused, Invalid) as refused:
            return self._refusal(refused)

    async def answer_stream(self, incoming: Incoming, chunks: Chunks) -> Answer:
        """The same for a request whose body is read chunk by chunk."""
        try:
            self.settle(self.now())
            route, values = self.find(incoming)
            if route.stream is None:
                raise AssertionError(f"{route.template} reads its body whole")
            return await route.stream(incoming, chunks, *values)
        except (Refused, Invalid) as refused:
            return self._refusal(refused)

    def _refusal(self, refused: Refused | Invalid) -> Answer:
        if isinstance(refused, Refused):
            return self.error(refused.status, refused.message)
        return self.error(self.invalid_status, str(refused))


def bearer(incoming: Incoming) -> str | None:
    """The bearer token of a request, None when there is none or the header has another form."""
    scheme, _, token = incoming.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token and " " not in token else None


def progress(started: float, now: float, step: float, names: Sequence[str]) -> str:
    """The state of something that moves on by one name each step and stays at the last."""
    passed = len(names) - 1 if step <= 0 else int((now - started) / step)
    return names[max(0, min(passed, len(names) - 1))]
