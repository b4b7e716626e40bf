"""The web application: hands each request to its service, and misbehaves where it was told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from airflow_provider_activation.sandbox.acoustic_exchange.service import AcousticExchange
from airflow_provider_activation.sandbox.core.front_page import front_page
from airflow_provider_activation.sandbox.core.messages import Answer, Incoming
from airflow_provider_activation.sandbox.core.misbehaviour import DEFAULT_STATUS, Misbehaviours, Rule
from airflow_provider_activation.sandbox.core.reading import Invalid
from airflow_provider_activation.sandbox.core.recording import Recorder
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.core.settings import Settings, Vault
from airflow_provider_activation.sandbox.dataddo.service import Dataddo
from airflow_provider_activation.sandbox.delta_projects.service import DeltaProjects
from airflow_provider_activation.sandbox.liveramp.service import LiveRamp

SERVICES: tuple[type[Service], ...] = (LiveRamp, AcousticExchange, DeltaProjects, Dataddo)


class Application:
    """The ASGI application and everything it holds. Lives in one event loop, needs no locks there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.vault = Vault(settings)
        self.recorder = Recorder(self.vault, settings.clock)
        self.misbehaviours = Misbehaviours([service.name for service in SERVICES])
        self.services: dict[str, Service] = {}
        self.reset()

    def reset(self) -> None:
        """Back to how it was at the start: seeds only, no tokens, no requests, no misbehaviours."""
        self.services = {service.name: service(self.settings, self.vault) for service in SERVICES}
        self.recorder.clear()
        self.misbehaviours.clear()
        self.settings.clock.reset()

    def expire_tokens(self) -> None:
        """End every access token of every service."""
        for service in self.services.values():
            service.expire_tokens()

    def state(self) -> dict[str, Any]:
        """What each service holds now."""
        return {name: self.vault.mask(service.state()) for name, service in self.services.items()}

    def connections(self) -> dict[str, dict[str, Any]]:
        """The Airflow connections, by their ids."""
        found: dict[str, dict[str, Any]] = {}
        for service in self.services.values():
            found.update(service.connections())
        # The two that only some DAGs use come last.
        return dict(sorted(found.items(), key=lambda item: not item[0].endswith("_default")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI hands it over."""
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
        raw_path = scope["raw_path"].decode("ascii")
        prefix, slash, rest = raw_path[1:].partition("/")
        request = Request(scope, receive)
        incoming = Incoming(
            method=request.method,
            raw_path=slash + rest,
            query=parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True),
            headers=Headers(scope=scope),
        )
        try:
            if prefix in self.services:
                await self._serve(self.services[prefix], incoming, request, send)
            else:
                incoming.raw_path = raw_path
                incoming.body = await request.body()
                await _send(send, self._own(incoming))
        except ClientDisconnect:
            # The caller went away before its request was complete: nothing was acted on.
            return

    async def _serve(self, service: Service, incoming: Incoming, request: Request, send: Send) -> None:
        entry = self.recorder.begin(service.name, incoming)
        service.conceal(entry)
        rule = self.misbehaviours.meet(service.name, incoming.method, incoming.path)
        if rule is None:
            answer = await self._act(service, incoming, request, entry)
            entry["status"] = answer.status
            await _send(send, answer)
            return
        entry["misbehaviour"] = rule.what
        if rule.seconds and not rule.waits_after:
            if rule.acts and not service.streams(incoming):
                # Have it all before waiting: a caller that gives up meanwhile does not undo its request.
                await request.body()
            await asyncio.sleep(rule.seconds)
        if rule.what == "drop_before":
            await _hang_up(request)
            return
        real = None
        incoming.fail = rule.what == "fail"
        if rule.acts:
            real = await self._act(service, incoming, request, entry)
        elif service.streams(incoming):
            async for _ in request.stream():
                pass
        else:
            incoming.body = await request.body()
            self._note_body(service, entry, incoming)
        if rule.seconds and rule.waits_after:
            await asyncio.sleep(rule.seconds)
        if rule.what == "drop_after":
            await _hang_up(request)
            return
        await self._misanswer(service, rule, real, entry, request, send)

    async def _act(
        self, service: Service, incoming: Incoming, request: Request, entry: dict[str, Any]
    ) -> Answer:
        if service.streams(incoming):
            received = 0

            async def chunks() -> AsyncIterator[bytes]:
                nonlocal received
                async for chunk in request.stream():
                    received += len(chunk)
                    yield chunk

            answer = await service.answer_stream(incoming, chunks())
            entry["body"] = f"{received} bytes of {incoming.media_type() or 'no media type'}"
            return answer
        incoming.body = await request.body()
        self._note_body(service, entry, incoming)
        return service.answer(incoming)

    def _note_body(self, service: Service, entry: dict[str, Any], incoming: Incoming) -> None:
        self.recorder.note_body(entry, incoming)
        service.conceal(entry)

    async def _misanswer(
        self,
        service: Service,
        rule: Rule,
        real: Answer | None,
        entry: dict[str, Any],
        request: Request,
        send: Send,
    ) -> None:
        if rule.what == "refuse":
            answer = service.error(
                rule.status or DEFAULT_STATUS["refuse"], "refused, as the sandbox was told to"
            )
            answer.headers.update(rule.headers)
        else:
            answer = rule.replace(real)
        entry["status"] = answer.status
        if rule.what == "half_body":
            await _send(send, answer, half=True)
            await _hang_up(request, after_writing=True)
        else:
            await _send(send, answer)

    def _own(self, incoming: Incoming) -> Answer:
        try:
            return self._own_route(incoming)
        except Invalid as refused:
            return Answer.json({"message": str(refused)}, 400)

    def _own_route(self, incoming: Incoming) -> Answer:
        match incoming.method, incoming.segments():
            case "GET", [""]:
                return Answer.html(
                    front_page(self, refresh=any(name == "refresh" for name, _ in incoming.query))
                )
            case "GET", ["sandbox", "state"]:
                return Answer.json(self.state())
            case "GET", ["sandbox", "requests"]:
                return Answer.json(self.recorder.as_json())
            case "POST", ["sandbox", "reset"]:
                self.reset()
                return Answer(204)
            case "GET", ["sandbox", "misbehaviours"]:
                return Answer.json(self.vault.mask(self.misbehaviours.as_json()))
            case "POST", ["sandbox", "misbehaviours"]:
                return Answer.json(self.vault.mask(self.misbehaviours.add(incoming.json()).as_json()), 201)
            case "DELETE", ["sandbox", "misbehaviours"]:
                self.misbehaviours.clear()
                return Answer(204)
            case "DELETE", ["sandbox", "misbehaviours", rule_id] if rule_id.isdecimal():
                found = self.misbehaviours.remove(int(rule_id))
                return Answer(204) if found else Answer.json({"message": "no such misbehaviour"}, 404)
        prefixes = ", ".join(f"/{name}" for name in self.services)
        return Answer.json({"message": f"nothing here; the services are under {prefixes}"}, 404)


async def _send(send: Send, answer: Answer, half: bool = False) -> None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.body
    if answer.status in (204, 304):
        body = b""
    else:
        if answer.content_type is not None:
            headers.setdefault("content-type", answer.content_type)
        headers["content-length"] = str(len(body))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    if half:
        body = body[: len(body) // 2]
    await send({"type": "http.response.body", "body": body, "more_body": half})


async def _hang_up(request: Request, after_writing: bool = False) -> None:
    # The server's protocol hands its transport over in the scope's state (see server.py): only closing
    # that gives the caller what a broken network gives, no status line and no error page.
    transport: asyncio.Transport = request.scope["state"]["transport"]
    if after_writing:
        transport.close()
    else:
        transport.abort()
    while (await request.receive())["type"] != "http.disconnect":
        pass
