"""Operators for Dataddo: services, sources and flows, made and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import filled, one_of, places_in_a_connection, some_ids
from airflow_provider_activation.tasks import DataddoTask
from airflow_provider_activation.operators.base import (
    JSON,
    DeleteOperator,
    Finished,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.actions.base import Candidate, IfExists, Memory, Submission

__all__ = [
    "DataddoBuildFlowOperator",
    "DataddoCreateFlowOperator",
    "DataddoCreateServiceOperator",
    "DataddoCreateSourceOperator",
    "DataddoDeleteFlowOperator",
    "DataddoDeleteServiceOperator",
    "DataddoDeleteSourceOperator",
]

IF_EXISTS = ("reuse", "fail", "create")

STATIC_CREDENTIALS = {"staticKey": "extra.refresh_token", "clientId": "login", "clientSecret": "password"}
"""Which field of the second connection holds which part of a service with a refresh token of its own."""


class DataddoCredentials(DataddoTask, SubmittingOperator):
    """An action that hands Dataddo a third party's credentials, out of a second Airflow connection.

    :param credentials_conn_id: the connection that holds them (templated).
    :param credentials: which field of that connection is sent as which part: ``login``, ``password`` or
        ``extra.<name>``. The default fits services with a refresh token of their own.
    """

    template_fields = (*DataddoTask.template_fields, "credentials_conn_id")
    waits = False

    def __init__(
        self, *, credentials_conn_id: str, credentials: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.credentials_conn_id = credentials_conn_id
        self.credentials = places_in_a_connection("credentials", credentials or STATIC_CREDENTIALS)


class DataddoCreateServiceOperator(DataddoCredentials):
    """Authorise a service at Dataddo with credentials of a third party. Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Authorize a service".

    .. code-block:: python

        service = DataddoCreateServiceOperator(
            task_id="service", service="snapchat_static", credentials_conn_id="snapchat_app"
        )

    :param service: the service, for example ``snapchat_static`` (templated).
    :param if_exists: ``reuse`` takes the one of this name, if there is one; ``fail`` fails on it; ``create``
        authorises another.
    """

    template_fields = (*DataddoCredentials.template_fields, "service")
    nouns = ("service",)
    outputs = ("id",)

    def __init__(self, *, service: str, if_exists: IfExists = "reuse", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.if_exists: IfExists = one_of("if_exists", if_exists, IF_EXISTS)

    def submission(self, key: str) -> Submission:
        return service_submission(self, self.service, self.if_exists)

    def result(self, made: JSON) -> Steps[JSON]:
        return _id(made)


class DataddoCreateSourceOperator(DataddoTask, SubmittingOperator):
    """Create a source, or take the one of this label. Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Create a source".

    .. code-block:: python

        source = DataddoCreateSourceOperator(
            task_id="source",
            connector_id="snapchat",
            source_label="Snapchat Insights",
            service_id="{{ ti.xcom_pull('service')['id'] }}",
            parameters={"organizationId": "...", "dateRange": "30d1", "strategy": "incremental"},
        )

    :param connector_id: the connector, for example ``snapchat``.
    :param source_label: the source's label (templated).
    :param service_id: the authorised service it loads with (templated).
    :param parameters: the connector's own parameters, in its own field names. Date ranges are written
        without braces: ``30d1`` (templated).
    :param if_exists: ``reuse`` takes a source of this label; ``fail`` fails on it; ``create`` makes
        another, with the submission key behind the label.
    """

    template_fields = (*DataddoTask.template_fields, "source_label", "service_id", "parameters")
    nouns = ("source",)
    outputs = ("id",)
    waits = False

    def __init__(
        self,
        *,
        connector_id: str,
        source_label: str,
        service_id: str,
        parameters: Mapping[str, Any],
        if_exists: IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connector_id = filled("connector_id", connector_id)
        self.source_label = source_label
        self.service_id = service_id
        self.parameters = parameters
        self.if_exists: IfExists = one_of("if_exists", if_exists, IF_EXISTS)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.actions.base import marked

        label = marked(self.source_label, key if self.if_exists == "create" else None)
        payload = _source_payload(self.connector_id, label, self.parameters, str(self.service_id))
        return source_submission(self.connector_id, label, payload, self.if_exists)

    def result(self, made: JSON) -> Steps[JSON]:
        return _id(made)


class DataddoCreateFlowOperator(DataddoTask, SubmittingOperator):
    """Create a flow that hands on what sources load, or take the equal one. Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Add the source to a flow".

    .. code-block:: python

        flow = DataddoCreateFlowOperator(
            task_id="flow",
            source_ids=["{{ ti.xcom_pull('source')['id'] }}"],
            app="google_data_studio",
            flow_label="Spend",
        )

    :param source_ids: the sources (templated).
    :param app: where the flow hands its data to, for example ``google_data_studio``.
    :param flow_label: the flow's label (templated).
    :param if_exists: ``reuse`` takes a flow equal in sources, app and label; ``fail`` fails on it;
        ``create`` makes another, with the submission key behind the label.
    """

    template_fields = (*DataddoTask.template_fields, "source_ids", "flow_label")
    nouns = ("flow",)
    outputs = ("id",)
    waits = False

    def __init__(
        self,
        *,
        source_ids: Sequence[str],
        app: str,
        flow_label: str,
        if_exists: IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_ids = source_ids
        self.app = filled("app", app)
        self.flow_label = flow_label
        self.if_exists: IfExists = one_of("if_exists", if_exists, IF_EXISTS)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.actions.base import marked

        label = marked(self.flow_label, key if self.if_exists == "create" else None)
        return flow_submission(some_ids("source_ids", self.source_ids), self.app, label, self.if_exists)

    def result(self, made: JSON) -> Steps[JSON]:
        return _id(made)


class DataddoBuildFlowOperator(DataddoCredentials):
    """Authorise a service, create a source with it, and create a flow fed by the source.

    What is there already, told by its label, is taken; a try after a failure goes on at the step that
    failed. Returns ``{"source_id": ..., "flow_id": ...}``. Document: "End-to-end Example".

    .. code-block:: python

        build = DataddoBuildFlowOperator(
            task_id="build_flow",
            service="snapchat_static",
            credentials_conn_id="snapchat_app",
            connector_id="snapchat",
            source_label="Snapchat Insights",
            source_parameters={"organizationId": "...", "dateRange": "30d1", "strategy": "incremental"},
            flow_label="GDS Flow",
            app="google_data_studio",
        )

    :param service: the service to authorise, for example ``snapchat_static``.
    :param connector_id: the connector, for example ``snapchat``.
    :param source_label: label of the source (templated).
    :param source_parameters: the connector's own parameters, in its own field names. Date ranges are
        written without braces: ``30d1`` (templated).
    :param flow_label: label of the flow (templated).
    :param app: where the flow hands its data to, for example ``google_data_studio``.
    :param if_exists: ``reuse`` takes a source and a flow of these labels; ``fail`` fails on them;
        ``create`` makes new ones, with the submission key behind the labels.
    """

    template_fields = (
        *DataddoCredentials.template_fields,
        "source_label",
        "source_parameters",
        "flow_label",
    )
    nouns = ("service", "source", "flow")
    outputs = ("source_id", "flow_id")

    def __init__(
        self,
        *,
        service: str,
        connector_id: str,
        source_label: str,
        source_parameters: Mapping[str, Any],
        flow_label: str,
        app: str,
        if_exists: IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = filled("service", service)
        self.connector_id = filled("connector_id", connector_id)
        self.source_label = source_label
        self.source_parameters = source_parameters
        self.flow_label = flow_label
        self.app = filled("app", app)
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    async def start(self, key: str, memory: Memory) -> JSON | Finished:
        from airflow_provider_activation.actions.base import marked, submit

        mark = key if self.if_exists == "create" else None
        source_label, flow_label = marked(self.source_label, mark), marked(self.flow_label, mark)
        # what cannot be sent, of all three, is found out before any call
        service = service_submission(self, self.service, "create")
        payload = partial(_source_payload, self.connector_id, source_label, self.source_parameters)
        source_submission(self.connector_id, source_label, payload("0"), self.if_exists)
        flow_submission(["0"], self.app, flow_label, self.if_exists)
        source_id = await self._existing_source(source_label, memory)
        if source_id is None:
            service_id = await submit(service, memory, on_uncertain=self.on_uncertain)
            source = source_submission(self.connector_id, source_label, payload(service_id), self.if_exists)
            source_id = await submit(source, memory, on_uncertain=self.on_uncertain)
        flow = flow_submission([source_id], self.app, flow_label, self.if_exists)
        flow_id = await submit(flow, memory, on_uncertain=self.on_uncertain)
        return Finished({"source_id": source_id, "flow_id": flow_id})

    async def _existing_source(self, label: str, memory: Memory) -> str | None:
        """The source of this label, so that no service is authorised for nothing."""
        from airflow_provider_activation.api import dataddo as api
        from airflow_provider_activation.errors import Conflict
        from airflow_provider_activation.actions.base import look_until

        known = memory.recall("source")
        if "id" in known:
            return None

        async def of_this_label() -> list[api.Source]:
            return [source for source in (await api.list_sources()) if source.label == label]

        sources = await (look_until(of_this_label, bool) if known else of_this_label())
        if not sources:
            return None
        if len(sources) > 1:
            ids = ", ".join(source.id for source in sources)
            raise Conflict(f"there are {len(sources)} sources labelled {label!r}: {ids}.")
        if self.if_exists == "fail" and not known:
            raise Conflict(f"source {sources[0].id} is labelled {label!r} already.")
        self.log.info("Source %s is labelled %r already; it is taken.", sources[0].id, label)
        return str(sources[0].id)


class DataddoDeleteServiceOperator(DataddoTask, DeleteOperator):
    """Delete an authorised service. Returns ``{"id": ...}``. Dataddo refuses it while a source uses it.

    Document: the description of the headless beta API, "DELETE /services/{id}".

    .. code-block:: python

        delete = DataddoDeleteServiceOperator(task_id="delete_service", service_id="1000")

    :param service_id: the service (templated).
    """

    template_fields = (*DataddoTask.template_fields, "service_id")

    def __init__(self, *, service_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.service_id = service_id

    def look(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.get_service(str(self.service_id))

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.delete_service(str(self.service_id))

    @property
    def result(self) -> JSON:
        return {"id": str(self.service_id)}


class DataddoDeleteSourceOperator(DataddoTask, DeleteOperator):
    """Delete a source and what it loaded. Returns ``{"id": ...}``.

    Document: the description of the headless beta API, "DELETE /sources/{id}".

    .. code-block:: python

        delete = DataddoDeleteSourceOperator(
            task_id="delete_source", source_id="60f1", if_missing="ignore"
        )

    :param source_id: the source (templated).
    """

    template_fields = (*DataddoTask.template_fields, "source_id")

    def __init__(self, *, source_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id

    def look(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.get_source(str(self.source_id))

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.delete_source(str(self.source_id))

    @property
    def result(self) -> JSON:
        return {"id": str(self.source_id)}


class DataddoDeleteFlowOperator(DataddoTask, DeleteOperator):
    """Delete a flow. Returns ``{"id": ...}``.

    Document: the description of the headless beta API, "DELETE /flows/{id}".

    .. code-block:: python

        delete = DataddoDeleteFlowOperator(task_id="delete_flow", flow_id="60f2")

    :param flow_id: the flow (templated).
    """

    template_fields = (*DataddoTask.template_fields, "flow_id")

    def __init__(self, *, flow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id

    def look(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.get_flow(str(self.flow_id))

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.delete_flow(str(self.flow_id))

    @property
    def result(self) -> JSON:
        return {"id": str(self.flow_id)}


def service_submission(task: DataddoCredentials, service: str, if_exists: IfExists) -> Submission:
    """A service with the credentials of a task. Nothing of it can be read back but its name."""
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.actions.base import Candidate, Submission

    async def ids_before() -> JSON:
        return [known.id for known in (await api.list_services())]

    async def new_ones(before: JSON) -> list[Candidate]:
        services = await api.list_services()
        return [
            Candidate(
                found.id,
                f"service {found.id} ({found.service})",
                certain=before is not None or if_exists != "create",
            )
            for found in services
            if found.service in (None, service) and found.id not in (before or [])
        ]

    return Submission(
        noun="service",
        create=api.create_service(service, task.hook.secrets_of(task.credentials_conn_id, task.credentials)),
        find=new_ones,
        id_of=lambda created, before: created.id,
        before=ids_before,
        if_exists=if_exists,
    )


def source_submission(
    connector_id: str, label: str, payload: Mapping[str, Any], if_exists: IfExists
) -> Submission:
    """A source, told by its label."""
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.actions.base import Candidate, Submission

    async def of_our_label(before: JSON) -> list[Candidate]:
        return [
            Candidate(source.id, f"source {source.id} {source.label!r}")
            for source in (await api.list_sources())
            if source.label == label
        ]

    return Submission(
        noun="source",
        create=api.create_source(connector_id, payload),
        find=of_our_label,
        id_of=lambda created, before: created.id,
        if_exists=if_exists,
    )


def flow_submission(source_ids: Sequence[str], app: str, label: str, if_exists: IfExists) -> Submission:
    """A flow, told by its sources, app and label."""
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.actions.base import Candidate, Submission

    wanted = api.FlowInput(sources=tuple(source_ids), app=app, label=label)

    async def equal_ones(before: JSON) -> list[Candidate]:
        flows = await api.list_flows_by_source(source_ids[0])
        return [Candidate(flow.id, f"flow {flow.id} {flow.label!r}") for flow in flows if flow.is_as(wanted)]

    return Submission(
        noun="flow",
        create=api.create_flow(wanted),
        find=equal_ones,
        id_of=lambda created, before: created.id,
        if_exists=if_exists,
    )


def _source_payload(
    connector_id: str, label: str, parameters: Mapping[str, Any], service_id: str
) -> dict[str, Any]:
    from airflow_provider_activation.api import dataddo as api

    return api.source_payload(connector_id, label, service_id, parameters)


async def _id(made: JSON) -> JSON:
    return {"id": made}
