"""The web application: passes each request to its service, and applies the misbehaviours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from airflow_provider_activation.sandbox.core.answers import quoting
from airflow_provider_activation.sandbox.core.callers import Callers
from airflow_provider_activation.sandbox.core.connections import Connections, parts, without_secrets
from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.front_page import front_page
from airflow_provider_activation.sandbox.core.habits import Habits
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.misbehaviour import DEFAULT_STATUS, Misbehaviours, Rule
from airflow_provider_activation.sandbox.core.recording import Recorder
from airflow_provider_activation.sandbox.core.rules import Rules
from airflow_provider_activation.sandbox.core.sending import hang_up, send_response
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits


class Application:
    """The ASGI application and its data. It runs in one event loop, so it needs no locks."""

    def __init__(self, settings: Settings, service_types: Sequence[type[Service]]) -> None:
        self.settings = settings
        self.vault = Vault(settings)
        self.recorder = Recorder(self.vault, settings.clock)
        names = [service_type.name for service_type in service_types]
        self.misbehaviours, self.habits = Misbehaviours(names), Habits(names)
        self._rules: Mapping[str, Rules[Any]] = {"misbehaviours": self.misbehaviours, "habits": self.habits}
        self._callers = Callers(settings.host, settings.url)
        self._service_types = service_types
        self.services: dict[str, Service] = {}
        self.reset()

    def reset(self) -> None:
        """Return to the state at the start: no tokens, no requests, no misbehaviours, no habits."""
        self.services = {
            service_type.name: service_type(
                self.settings, self.vault, Traits(service_type.name, self.habits, self.settings.clock)
            )
            for service_type in self._service_types
        }
        self.recorder.clear()
        for rules in self._rules.values():
            rules.clear()
        self.settings.clock.reset()

    def expire_tokens(self) -> None:
        """Expire all access tokens."""
        for service in self.services.values():
            service.tokens.expire_all()

    def state(self) -> dict[str, Any]:
        """The masked state of each service."""
        return {name: self.vault.mask(service.state()) for name, service in self.services.items()}

    def connections(self) -> Connections:
        """The Airflow connections, the default ones first and those of tenants last."""
        connections: Connections = {}
        for service in self.services.values():
            connections.update(service.connections())
        return {conn_id: one for part in parts(connections) for conn_id, one in part.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
        raw_path = scope["raw_path"].decode("ascii")
        prefix, slash, rest = raw_path[1:].partition("/")
        http = HttpRequest(scope, receive)
        request = Request(
            method=http.method,
            raw_path=slash + rest,
            query=parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True),
            headers=Headers(scope=scope),
        )
        try:
            refusal = self._callers.refuse(request.method, request.headers)
            if refusal is not None:
                await send_response(http, send, refusal)
            elif prefix in self.services:
                await self._serve(self.services[prefix], request, http, send)
            else:
                request.raw_path = raw_path
                request.body = await http.body()
                await send_response(http, send, self._own(request))
        except ClientDisconnect:
            # The request is incomplete, so nothing was done.
            return

    async def _serve(self, service: Service, request: Request, http: HttpRequest, send: Send) -> None:
        entry = self.recorder.begin(service.name, request)
        service.conceal(entry)
        rule = self.misbehaviours.match(service.name, request.method, request.path)
        if rule is None:
            response = await self._act(service, request, http, entry)
            entry["status"] = response.status
            await send_response(http, send, response)
            return
        entry["misbehaviour"] = rule.what
        if rule.pause and not rule.waits_after:
            if rule.acts and not service.streams(request):
                # Receive all of it first: the service acts even if the caller gives up during the wait.
                await http.body()
            await asyncio.sleep(rule.pause)
        if rule.what == "drop_before":
            if service.traits.first("neighbour", request.path):
                # The neighbour needs to know what is asked for.
                await self._leave(service, request, http, entry)
            await hang_up(http)
            return
        real = None
        request.fail = rule.what == "fail"
        if rule.acts:
            real = await self._act(service, request, http, entry)
        else:
            await self._leave(service, request, http, entry)
        if rule.pause and rule.waits_after:
            await asyncio.sleep(rule.pause)
        if rule.what == "drop_after":
            await hang_up(http)
            return
        response = _misbehave(service, request, rule, real)
        entry["status"] = response.status
        await send_response(http, send, response, rule.what, rule.seconds)

    async def _leave(
        self, service: Service, request: Request, http: HttpRequest, entry: dict[str, Any]
    ) -> None:
        """Receive a request that the service does not carry out."""
        if service.streams(request):
            async for _ in http.stream():
                pass
        else:
            await self._read_body(service, request, http, entry)
            service.visit(request)

    async def _act(
        self, service: Service, request: Request, http: HttpRequest, entry: dict[str, Any]
    ) -> Response:
        if not service.streams(request):
            await self._read_body(service, request, http, entry)
            return await service.respond(request)
        received = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal received
            async for chunk in http.stream():
                received += len(chunk)
                yield chunk

        response = await service.respond(request, chunks())
        entry["body"] = f"{received} bytes of {request.media_type() or 'no media type'}"
        return response

    async def _read_body(
        self, service: Service, request: Request, http: HttpRequest, entry: dict[str, Any]
    ) -> None:
        request.body = await http.body()
        self.recorder.record_body(entry, request)
        service.conceal(entry)

    def _own(self, request: Request) -> Response:
        try:
            return self._own_route(request)
        except Invalid as refused:
            return Response.json({"message": str(refused)}, 400)

    def _own_route(self, request: Request) -> Response:
        match request.method, request.segments():
            case "GET", [""]:
                return Response.html(self._front_page(any(name == "refresh" for name, _ in request.query)))
            case "GET", ["sandbox", "state"]:
                return Response.json(self.state())
            case "GET", ["sandbox", "requests"]:
                return Response.json(self.recorder.as_json())
            case "POST", ["sandbox", "reset"]:
                self.reset()
                return Response(204)
            case "GET", ["sandbox", kind] if kind in self._rules:
                return Response.json(self.vault.mask(self._rules[kind].as_json()))
            case "POST", ["sandbox", kind] if kind in self._rules:
                return Response.json(self.vault.mask(self._rules[kind].add(request.json()).as_json()), 201)
            case "DELETE", ["sandbox", kind] if kind in self._rules:
                self._rules[kind].clear()
                return Response(204)
            case "DELETE", ["sandbox", kind, rule_id] if kind in self._rules and rule_id.isdecimal():
                found = self._rules[kind].remove(int(rule_id))
                return Response(204) if found else Response.json({"message": f"no such one of {kind}"}, 404)
        prefixes = ", ".join(f"/{name}" for name in self.services)
        return Response.json({"message": f"nothing here; the services are under {prefixes}"}, 404)

    def _front_page(self, refresh: bool) -> str:
        return front_page(
            services=self.services.values(),
            state=self.state(),
            requests=self.recorder.as_json(),
            rules={kind: self.vault.mask(rules.as_json()) for kind, rules in self._rules.items()},
            connections=without_secrets(self.connections()),
            refresh=refresh,
        )


def _misbehave(service: Service, request: Request, rule: Rule, real: Response | None) -> Response:
    if rule.what != "refuse":
        return rule.replace(real)
    status = rule.status or DEFAULT_STATUS["refuse"]
    response = quoting(service.traits, request, service.error(status, "refused, as the sandbox was told to"))
    response.headers.update(rule.headers)
    return response
