"""The Dataddo headless API, v1: endpoints and what goes in and out.

Documents: the vendor's "End-to-end Example", its description of the headless beta API, and its pages
on backfilling and on date ranges. No document names an error answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import Field, field_validator

from airflow_provider_activation.api.call import Answer, Call, Safety, Token, path_of
from airflow_provider_activation.api.models import Input, Resource, TextId
from airflow_provider_activation.errors import InvalidRequest

SERVICE = "Dataddo"
BASE_URL = "https://headless.dataddo.com/customer-api/v1"

LIVE, RUNNING, RETRYING, BROKEN, INACTIVE = "live", "running", "retrying", "broken", "inactive"


# What comes back


class AuthorizedService(Resource):
    """An authorised service: what holds the third party's credentials."""

    id: TextId
    service: str | None = None
    label: str | None = None


class Source(Resource):
    id: TextId = Field(min_length=1)
    label: str | None = None
    connector_id: str | None = None


class FlowSource(Resource):
    source_id: TextId


class FlowApi(Resource):
    app: str | None = None
    id: TextId | None = None


class Flow(Resource):
    """A flow. Its sources go out as ``sources`` and come back as ``source``."""

    id: TextId = Field(min_length=1)
    label: str | None = None
    source: list[FlowSource] = Field(default_factory=list)
    api: FlowApi | None = None

    def is_as(self, wanted: FlowInput) -> bool:
        """Whether it is what this input would make."""
        return (
            self.label == wanted.label
            and {source.source_id for source in self.source} == set(wanted.sources)
            and (self.api is None or self.api.app in (None, wanted.app))
        )


class RunStatus(Resource):
    """How the last run of a source or a flow stands. There is no id of a run."""

    status: str
    last_run_started: datetime | None = Field(default=None, alias="lastRunStarted")
    last_run_finished: datetime | None = Field(default=None, alias="lastRunFinished")
    description: str | None = None

    @field_validator("last_run_started", "last_run_finished")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        # the zone's form is not documented; without one it is read as UTC, the same way every time
        if moment is not None and moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment

    @property
    def state(self) -> str:
        """The status in one spelling."""
        return self.status.strip().lower()


class ExtractionAction(Resource):
    """What loads a source's data, and when. The specification requires none of its fields."""

    id: TextId | None = None
    status: str | None = None
    status_detail: str | None = None
    schedule: dict[str, Any] | None = None


class Write(Resource):
    """The answer to a write that was put in the queue."""

    execution_id: TextId | None = Field(default=None, alias="executionId")


# What goes out

_RANGE = re.compile(r"(\d+)([dwmy])(\d+)(\|[^{}|]+)?", re.ASCII)


def braced_date_range(expression: str) -> str:
    """A range of days relative to today, such as ``30d1``, as Dataddo wants it: in two braces.

    Here it is written without them, because Jinja would take them for its own.

    :param expression: from 30 days ago to yesterday: ``30d1``; units d, w, m and y; a format may follow
        a bar: ``0d0|Ymd``.
    :raises ValueError: it is no such range, or starts after it ends.
    """
    bare = expression.strip().removeprefix("{{").removesuffix("}}").strip()
    match = _RANGE.fullmatch(bare)
    if match is None:
        raise ValueError("must look like 30d1: units back to the start, d, w, m or y, units back to the end")
    if int(match[1]) < int(match[3]):
        raise ValueError("must start before it ends")
    return "{{" + bare + "}}"


class Extraction(Input):
    """What one extraction loads; without any, what the source is set to load."""

    date_from: date | None = Field(default=None, alias="dateFrom")
    date_to: date | None = Field(default=None, alias="dateTo")
    date_range: str | None = Field(default=None, alias="dateRangeExpression")
    storage_strategy: str | None = Field(default=None, alias="storageStrategy")

    @field_validator("date_range")
    @classmethod
    def _braced(cls, value: str | None) -> str | None:
        return None if value is None else braced_date_range(value)

    def check(self) -> None:
        if (self.date_from is None) != (self.date_to is None):
            raise ValueError("date_from and date_to must be given together")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("date_from must not be after date_to")
        if self.date_from and self.date_range:
            raise ValueError("either date_from and date_to or date_range is given")


class FlowInput(Input):
    """What makes a flow that hands its data to an app through an address of its own."""

    sources: tuple[str, ...] = Field(min_length=1)
    app: str = Field(min_length=1)
    label: str = Field(min_length=1)


def source_payload(
    connector_id: str, label: str, service_id: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """What makes a source: the connector's own parameters and what every source has.

    Parameters go through as they are, nulls too, because each connector has its own; date ranges get
    their braces. ``storageStrategy`` stands beside the deprecated ``strategy``.

    :raises InvalidRequest: a parameter that this function fills was given as well, or a range is wrong.
    """
    payload = dict(parameters)
    if taken := sorted({"connectorId", "label", "oAuthId"} & payload.keys()):
        raise InvalidRequest(f"parameters: {', '.join(taken)} come from the other arguments.")
    for name in ("dateRange", "dateRangePreview"):
        if name in payload:
            try:
                payload[name] = braced_date_range(str(payload[name]))
            except ValueError as error:
                raise InvalidRequest(f"parameters: {name} {error}.") from None
    for name, value in payload.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            raise InvalidRequest(f"parameters: {name} must be plain JSON.") from None
    if "strategy" in payload:
        payload.setdefault("storageStrategy", payload["strategy"])
    payload.setdefault("templateId", "index")
    return {
        "connectorId": connector_id,
        "label": label,
        # the example sends the number it was given
        "oAuthId": int(service_id) if service_id.isascii() and service_id.isdigit() else service_id,
        **payload,
    }


# Endpoints


def log_in(email: str, password: str) -> Call[Token]:
    """POST /auth: what it hands out besides the token has to be sent back where it was handed out."""
    return Call(
        SERVICE,
        "log_in",
        "POST",
        "/auth",
        "/auth",
        Safety.READ,
        _token,
        json={"email": email, "password": password},
    )


def list_services() -> Call[list[AuthorizedService]]:
    """GET /services."""
    return _get("list_services", "/services", "/services", _each(AuthorizedService))


def create_service(service: str, data: Mapping[str, str]) -> Call[AuthorizedService]:
    """POST /services: hand over a third party's credentials.

    The end-to-end example sends ``service`` and ``data``; the specification calls them deprecated and
    names ``serviceName`` and ``config``. The example is followed.
    """
    return Call(
        SERVICE,
        "create_service",
        "POST",
        "/services",
        "/services",
        Safety.ONCE,
        lambda answer: AuthorizedService.model_validate(answer.json()),
        json={"service": service, "data": dict(data)},
    )


def create_source(connector_id: str, payload: Mapping[str, Any]) -> Call[Source]:
    """POST /connectors/{connector_id}/create-source; see `source_payload`."""
    template = "/connectors/{connector_id}/create-source"
    return Call(
        SERVICE,
        "create_source",
        "POST",
        template,
        path_of(template, connector_id=connector_id),
        Safety.ONCE,
        lambda answer: Source.model_validate(answer.json()),
        json=dict(payload),
    )


def list_sources() -> Call[list[Source]]:
    """GET /sources: all at once, there is no paging."""
    return _get("list_sources", "/sources", "/sources", _each(Source))


def create_flow(flow: FlowInput) -> Call[Flow]:
    """POST /flows: the example omits method and path; the specification's "create flow" is meant."""
    return Call(
        SERVICE,
        "create_flow",
        "POST",
        "/flows",
        "/flows",
        Safety.ONCE,
        lambda answer: Flow.model_validate(answer.json()),
        json=flow.body(),
    )


def list_flows_by_source(source_id: str) -> Call[list[Flow]]:
    """GET /flows/by-source/{source_id}."""
    template = "/flows/by-source/{source_id}"
    return _get("list_flows_by_source", template, path_of(template, source_id=source_id), _each(Flow))


def enqueue_extraction(source_id: str, extraction: Extraction | None = None) -> Call[None]:
    """POST /sources/{source_id}/extraction/enqueue: answers 202 and no id of the run."""
    template = "/sources/{source_id}/extraction/enqueue"
    return Call(
        SERVICE,
        "enqueue_extraction",
        "POST",
        template,
        path_of(template, source_id=source_id),
        Safety.ONCE,
        lambda answer: None,
        json=extraction.body() if extraction else {},
    )


def get_source_status(source_id: str) -> Call[RunStatus]:
    """GET /sources/{source_id}/status."""
    template = "/sources/{source_id}/status"
    return _get("get_source_status", template, path_of(template, source_id=source_id), _run_status)


def get_extraction(source_id: str) -> Call[ExtractionAction]:
    """GET /sources/{source_id}/extraction."""
    template = "/sources/{source_id}/extraction"
    return _get(
        "get_extraction",
        template,
        path_of(template, source_id=source_id),
        lambda answer: ExtractionAction.model_validate(answer.json()),
    )


def deactivate_extraction(source_id: str, action: ExtractionAction | None = None) -> Call[ExtractionAction]:
    """POST /sources/{source_id}/extraction/deactivate: the source loads nothing more, its schedule included.

    The specification demands a body of the kind `get_extraction` answers and requires none of its fields;
    whether the service overwrites the action with it is not said.

    :param action: what `get_extraction` answered, to be sent back as it is: right in either case. Without
        it an empty object is sent.
    """
    template = "/sources/{source_id}/extraction/deactivate"
    return Call(
        SERVICE,
        "deactivate_extraction",
        "POST",
        template,
        path_of(template, source_id=source_id),
        Safety.REPEATABLE,
        lambda answer: ExtractionAction.model_validate(answer.json() if answer.text.strip() else {}),
        json=action.plain() if action else {},
    )


def get_source_log(source_id: str) -> Call[list[dict[str, Any]]]:
    """GET /sources/{source_id}/action/log: the latest entries, whose fields are not documented."""
    template = "/sources/{source_id}/action/log"
    return _get("get_source_log", template, path_of(template, source_id=source_id), _objects)


def enqueue_write(flow_id: str) -> Call[Write]:
    """POST /flows/{flow_id}/write/enqueue: the execution id it answers can be read back nowhere."""
    template = "/flows/{flow_id}/write/enqueue"
    return Call(
        SERVICE,
        "enqueue_write",
        "POST",
        template,
        path_of(template, flow_id=flow_id),
        Safety.ONCE,
        lambda answer: Write.model_validate(answer.json() if answer.text.strip() else {}),
        json={},
    )


def get_flow_status(flow_id: str) -> Call[RunStatus]:
    """GET /flows/{flow_id}/status."""
    template = "/flows/{flow_id}/status"
    return _get("get_flow_status", template, path_of(template, flow_id=flow_id), _run_status)


def _get(operation: str, template: str, path: str, read: Any) -> Call[Any]:
    return Call(SERVICE, operation, "GET", template, path, Safety.READ, read)


def _each(model: type[Resource]) -> Any:
    def read(answer: Answer) -> list[Any]:
        reply = answer.json()
        if not isinstance(reply, list):
            raise ValueError("it is not a list")
        return [model.model_validate(item) for item in reply]

    return read


def _objects(answer: Answer) -> list[dict[str, Any]]:
    reply = answer.json()
    if not isinstance(reply, list) or not all(isinstance(item, dict) for item in reply):
        raise ValueError("it is not a list of objects")
    return reply


def _run_status(answer: Answer) -> RunStatus:
    return RunStatus.model_validate(answer.json())


def _token(answer: Answer) -> Token:
    reply = answer.json()
    access_token = reply["access_token"]
    if not isinstance(access_token, str) or not access_token:
        raise ValueError("access_token is empty")
    headers = {"Authorization": f"Bearer {access_token}"}
    for header, name in (("X-Realm-Id", "realm_id"), ("X-Provider", "provider")):
        if reply.get(name) is not None:
            headers[header] = str(reply[name])
    secrets = tuple(
        value for name in ("access_token", "refresh_token") if isinstance(value := reply.get(name), str)
    )
    return Token(headers, float(reply.get("expires_in") or 3600), secrets)
