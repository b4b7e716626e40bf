"""Operators for Dataddo."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of
from airflow_provider_activation.connected import DataddoTask
from airflow_provider_activation.operators.base import (
    JSON,
    Finished,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.submission import Candidate, IfExists, Memory, Submission
    from airflow_provider_activation.waits.dataddo import FlowRunProbe, RunProbe, SourceRunProbe

STATIC_CREDENTIALS = {"staticKey": "extra.refresh_token", "clientId": "login", "clientSecret": "password"}
"""Which field of the second connection holds which part of a service with a refresh token of its own."""


class DataddoBuildFlowOperator(DataddoTask, SubmittingOperator):
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
    :param credentials_conn_id: a second Airflow connection that holds the third party's credentials.
    :param credentials: which field of that connection is sent as which part: ``login``, ``password`` or
        ``extra.<name>``. The default fits services with a refresh token of their own.
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
        *DataddoTask.template_fields,
        "credentials_conn_id",
        "source_label",
        "source_parameters",
        "flow_label",
    )
    nouns = ("service", "source", "flow")
    outputs = ("source_id", "flow_id")
    waits = False

    def __init__(
        self,
        *,
        service: str,
        credentials_conn_id: str,
        connector_id: str,
        source_label: str,
        source_parameters: Mapping[str, Any],
        flow_label: str,
        app: str,
        credentials: Mapping[str, str] | None = None,
        if_exists: IfExists = "reuse",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.credentials_conn_id = credentials_conn_id
        self.connector_id = connector_id
        self.source_label = source_label
        self.source_parameters = source_parameters
        self.flow_label = flow_label
        self.app = app
        self.credentials = dict(credentials or STATIC_CREDENTIALS)
        for part, place in self.credentials.items():
            if place not in ("login", "password") and not place.startswith("extra."):
                raise ValueError(
                    f"credentials[{part!r}] must be login, password or extra.<name>, but is {place!r}."
                )
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    def start(self, key: str, memory: Memory) -> Steps[JSON | Finished]:
        from airflow_provider_activation.submission import marked, submit

        mark = key if self.if_exists == "create" else None
        source_label, flow_label = marked(self.source_label, mark), marked(self.flow_label, mark)
        # a service that cannot be made and a payload that cannot be sent are found out before any call
        service = self._service()
        self._source_payload(source_label, "0")
        source_id = yield from self._existing_source(source_label, memory)
        if source_id is None:
            service_id = yield from submit(service, memory, on_uncertain=self.on_uncertain)
            source = self._source(source_label, service_id)
            source_id = yield from submit(source, memory, on_uncertain=self.on_uncertain)
        flow = self._flow(flow_label, source_id)
        flow_id = yield from submit(flow, memory, on_uncertain=self.on_uncertain)
        return Finished({"source_id": source_id, "flow_id": flow_id})

    def _existing_source(self, label: str, memory: Memory) -> Steps[str | None]:
        """The source of this label, so that no service is authorised for nothing."""
        from airflow_provider_activation.api import dataddo as api
        from airflow_provider_activation.errors import Conflict

        known = memory.recall("source")
        if "id" in known or "before" in known:
            return None
        sources = [source for source in (yield api.list_sources()) if source.label == label]
        if not sources:
            return None
        if len(sources) > 1:
            ids = ", ".join(source.id for source in sources)
            raise Conflict(f"there are {len(sources)} sources labelled {label!r}: {ids}.")
        if self.if_exists == "fail" and not known:
            raise Conflict(f"source {sources[0].id} is labelled {label!r} already.")
        self.log.info("Source %s is labelled %r already; it is taken.", sources[0].id, label)
        return str(sources[0].id)

    def _service(self) -> Submission:
        from airflow_provider_activation.api import dataddo as api
        from airflow_provider_activation.submission import Candidate, Submission

        def ids_before() -> Steps[JSON]:
            return [known.id for known in (yield api.list_services())]

        def new_ones(before: JSON) -> Steps[list[Candidate]]:
            services: list[api.AuthorizedService] = yield api.list_services()
            return [
                Candidate(found.id, f"service {found.id} ({found.service})", certain=before is not None)
                for found in services
                if found.service in (None, self.service) and found.id not in (before or [])
            ]

        return Submission(
            noun="service",
            create=api.create_service(self.service, self._credentials()),
            find=new_ones,
            id_of=lambda created, before: created.id,
            before=ids_before,
        )

    def _source_payload(self, label: str, service_id: str) -> dict[str, Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.source_payload(self.connector_id, label, service_id, self.source_parameters)

    def _source(self, label: str, service_id: str) -> Submission:
        from airflow_provider_activation.api import dataddo as api
        from airflow_provider_activation.submission import Candidate, Submission

        def of_our_label(before: JSON) -> Steps[list[Candidate]]:
            return [
                Candidate(source.id, f"source {source.id} {source.label!r}")
                for source in (yield api.list_sources())
                if source.label == label
            ]

        return Submission(
            noun="source",
            create=api.create_source(self.connector_id, self._source_payload(label, service_id)),
            find=of_our_label,
            id_of=lambda created, before: created.id,
            if_exists=self.if_exists,
        )

    def _flow(self, label: str, source_id: str) -> Submission:
        from airflow_provider_activation.api import dataddo as api
        from airflow_provider_activation.submission import Candidate, Submission

        wanted = api.FlowInput(sources=(source_id,), app=self.app, label=label)

        def equal_ones(before: JSON) -> Steps[list[Candidate]]:
            flows: list[api.Flow] = yield api.list_flows_by_source(source_id)
            return [
                Candidate(flow.id, f"flow {flow.id} {flow.label!r}") for flow in flows if flow.is_as(wanted)
            ]

        return Submission(
            noun="flow",
            create=api.create_flow(wanted),
            find=equal_ones,
            id_of=lambda created, before: created.id,
            if_exists=self.if_exists,
        )

    def _credentials(self) -> dict[str, str]:
        """The third party's credentials. They go from the second connection to Dataddo and nowhere else."""
        from airflow_provider_activation.errors import InvalidConnection
        from airflow_provider_activation.versions import mask_secret

        connection = self.hook.get_connection(self.credentials_conn_id)
        values = {part: _credential(connection, place) for part, place in self.credentials.items()}
        if empty := [self.credentials[part] for part, value in values.items() if not value]:
            raise InvalidConnection(
                f"the connection {self.credentials_conn_id!r} lacks {', '.join(empty)}.", service="Dataddo"
            )
        for value in values.values():
            mask_secret(value)
            self.hook.get_conn().redact.add(value)
        return values


class DataddoRunOperator(DataddoTask, SubmittingOperator):
    """A run that is put in the queue. It has no id: it is told by how the last run stood before."""

    rehearsal_id: JSON = {"last_run_started": None, "last_run_finished": None}

    @abstractmethod
    def probe(self, made: JSON) -> RunProbe:
        """The wait for the run."""

    @abstractmethod
    def enqueue(self) -> Call[Any]:
        """The call that puts the run in the queue."""

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.submission import Candidate, Submission

        noun = self.nouns[0]

        def last_run() -> Steps[JSON]:
            from airflow_provider_activation.api import dataddo as api
            from airflow_provider_activation.errors import Conflict

            status: api.RunStatus = yield self.probe(self.rehearsal_id).status_call()
            if status.state == api.RUNNING:
                raise Conflict(
                    f"{self.probe(self.rehearsal_id).subject} is running already, and two runs at once "
                    "cannot be told apart. Run the task again when it has ended.",
                    service=api.SERVICE,
                )
            return {
                "last_run_started": _text(status.last_run_started),
                "last_run_finished": _text(status.last_run_finished),
            }

        def begun(before: JSON) -> Steps[list[Candidate]]:
            if before is None:
                return []
            probe = self.probe(before)
            status: api.RunStatus = yield probe.status_call()
            if not probe.has_begun(status):
                return []
            return [Candidate(before, f"{probe.subject}, which is {status.state}")]

        return Submission(
            noun=noun,
            create=self.enqueue(),
            find=begun,
            id_of=lambda answer, before: before,
            before=last_run,
            # a run may stand in the queue for long before anything shows
            proves_absence=False,
            recall=self._failed,
            id_is=_are_moments,
            before_is=_are_moments,
        )

    def _failed(self, made: JSON) -> Steps[bool]:
        from airflow_provider_activation.waits.probe import Failed

        outcome = yield from self.probe(made).look()
        return isinstance(outcome, Failed)

    def result(self, made: JSON) -> Steps[JSON]:
        status: api.RunStatus = yield self.probe(made).status_call()
        return status.plain()


class DataddoExtractSourceOperator(DataddoRunOperator):
    """Have a source load, and wait until it has. Returns the source's status afterwards.

    Document: "Backfilling". A relative range is read on the day of the call, so that a retry on the
    next day loads other days; ``date_from`` and ``date_to`` stay the same.

    :param source_id: the source (templated).
    :param date_from: first day to load (templated).
    :param date_to: last day to load (templated).
    :param date_range: days relative to today instead, without braces: ``30d1`` (templated).
    :param storage_strategy: how rows are stored, if not as the source is set.
    :param cancel_on_kill: deactivate the extraction. That also ends the source's own schedule until
        somebody activates it, which is why it has to be asked for.
    """

    template_fields = (*DataddoTask.template_fields, "source_id", "date_from", "date_to", "date_range")
    nouns = ("extraction",)
    cancels_on_kill = False

    def __init__(
        self,
        *,
        source_id: str,
        date_from: date | str | None = None,
        date_to: date | str | None = None,
        date_range: str | None = None,
        storage_strategy: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id
        self.date_from = date_from
        self.date_to = date_to
        self.date_range = date_range
        self.storage_strategy = storage_strategy

    def enqueue(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        given = {name: getattr(self, name) for name in api.Extraction.model_fields}
        extraction = api.Extraction.model_validate(
            {name: value for name, value in given.items() if value is not None}
        )
        return api.enqueue_extraction(self.source_id, extraction)

    def probe(self, made: JSON) -> SourceRunProbe:
        from airflow_provider_activation.waits.dataddo import SourceRunProbe

        return SourceRunProbe(**made, source_id=self.source_id)


class DataddoWriteFlowOperator(DataddoRunOperator):
    """Have a flow write, and wait until it has. Returns the flow's status afterwards.

    Document: "Backfilling".

    :param flow_id: the flow (templated).
    """

    template_fields = (*DataddoTask.template_fields, "flow_id")
    nouns = ("write",)

    def __init__(self, *, flow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id

    def enqueue(self) -> Call[Any]:
        from airflow_provider_activation.api import dataddo as api

        return api.enqueue_write(self.flow_id)

    def probe(self, made: JSON) -> FlowRunProbe:
        from airflow_provider_activation.waits.dataddo import FlowRunProbe

        return FlowRunProbe(**made, flow_id=self.flow_id)


def _credential(connection: Connection, place: str) -> str:
    if place.startswith("extra."):
        return str(connection.extra_dejson.get(place.removeprefix("extra.")) or "")
    return str(getattr(connection, place) or "")


def _are_moments(noted: JSON) -> bool:
    """Whether it is how a last run stood: two moments, or None."""
    from airflow_provider_activation.waits.dataddo import is_moment

    return (
        isinstance(noted, dict)
        and noted.keys() == DataddoRunOperator.rehearsal_id.keys()
        and all(moment is None or is_moment(moment) for moment in noted.values())
    )


def _text(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()
