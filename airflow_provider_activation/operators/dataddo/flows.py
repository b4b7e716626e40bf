"""Operators for Dataddo: authorised services, sources and flows, made and deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import FILLED, ID, IDS, MARK, PLACES, STRUCTURE, word
from airflow_provider_activation.operators.base import DeleteOperator, SubmitOperator
from airflow_provider_activation.tasks import DataddoTask
from airflow_provider_activation.words import KEY_STYLES, OAUTH_ID_TYPES, KeyStyle, OAuthIdType

if TYPE_CHECKING:
    from airflow_provider_activation.actions import dataddo as actions
    from airflow_provider_activation.actions.base import IfExists

__all__ = [
    "DataddoBuildFlowOperator",
    "DataddoCreateFlowOperator",
    "DataddoCreateServiceOperator",
    "DataddoCreateSourceOperator",
    "DataddoDeleteFlowOperator",
    "DataddoDeleteServiceOperator",
    "DataddoDeleteSourceOperator",
]

IF_EXISTS = word("reuse", "fail", "create")
_SPELLING = {"key_style": word(*KEY_STYLES) | None, "oauth_id_type": word(*OAUTH_ID_TYPES) | None}

STATIC_CREDENTIALS = {"staticKey": "extra.refresh_token", "clientId": "login", "clientSecret": "password"}
"""Which field of the second connection holds which part of a service with a refresh token of its own."""


class DataddoCredentialsTask(DataddoTask):
    """A task that hands Dataddo a third party's credentials from a second Airflow connection."""

    arguments = {
        "credentials_conn_id": FILLED | None,
        "credentials": PLACES | None,
        "service": FILLED | None,
        "service_id": ID | None,
        "service_label": FILLED | None,
        "if_exists": IF_EXISTS,
        "mark_submission": MARK,
    }
    credentials_conn_id: str | None
    credentials: Mapping[str, str] | None
    service: str | None
    service_id: str | int | None
    service_label: str | None
    mark_submission: Any

    def check(self) -> None:
        if (self.service_id is None) == (self.credentials_conn_id is None):
            given = "neither is" if self.service_id is None else "both are"
            raise ValueError(
                f"Give credentials_conn_id, or the service_id of a service that exists; {given} given."
            )
        if self.service is None and self.service_id is None:
            raise ValueError("service must be given, or the service_id of a service that exists.")

    def authorized_service(self, key: str, if_exists: IfExists) -> actions.AuthorizedService:
        """The authorised service with these credentials."""
        from airflow_provider_activation.actions import dataddo as actions

        name, conn_id = str(self.service), str(self.credentials_conn_id)
        return actions.AuthorizedService(
            service=name,
            secrets=self.hook.secrets_of(conn_id, self.credentials or STATIC_CREDENTIALS),
            label=self.service_label or name,
            key=key,
            mark=self.mark_submission or None,
            if_exists=if_exists,
        )


class DataddoCreateServiceOperator(DataddoCredentialsTask, SubmitOperator):
    """Authorise a service at Dataddo with credentials of a third party. Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Authorize a service".

    .. code-block:: python

        service = DataddoCreateServiceOperator(
            task_id="service", service="snapchat_static", credentials_conn_id="snapchat_app"
        )

    :param service: the service, for example ``snapchat_static`` (templated).
    :param credentials_conn_id: the connection that holds the credentials (templated).
    :param credentials: for each part of the credentials the field of that connection: ``login``, ``password``
        or ``extra.<name>``. The default fits services with a refresh token of their own (templated).
    :param service_id: an authorised service that exists, instead of credentials (templated).
    :param service_label: its label, with a hash of the credentials at the end; the service's name if left out
        (templated).
    :param if_exists: ``reuse`` takes a service whose label has the hash of the same credentials, never one
        that only has the same name; ``fail`` fails if there is one of this name; ``create`` authorises
        another, with the submission key in its label (templated).
    :param mark_submission: where in the label the key stands: at the end (``suffix`` or True), at the
        beginning (``prefix``, for a service that cuts texts) or nowhere (False: then no service can be
        reused) (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises InvalidConnection: the connection of the credentials lacks a field.
    :raises InvalidRequest: Dataddo refuses the credentials, or ``service_id`` belongs to another ``service``.
    :raises Conflict: there is one, and ``if_exists`` is ``fail``.
    :raises NotAsAsked: the service is not what was asked for.
    """

    arguments = {"service": FILLED}
    nouns = ("service",)
    outputs = ("id",)

    def __init__(
        self,
        *,
        service: str,
        credentials_conn_id: str | None = None,
        credentials: Mapping[str, str] | None = None,
        service_id: str | int | None = None,
        service_label: str | None = None,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.credentials_conn_id = credentials_conn_id
        self.credentials = credentials
        self.service_id = service_id
        self.service_label = service_label
        self.if_exists: IfExists = if_exists
        self.mark_submission: Any = mark_submission
        self.dataddo_conn_id = dataddo_conn_id

    def submission(self, key: str) -> actions.AuthorizedService | actions.NamedService:
        if self.service_id is None:
            return self.authorized_service(key, self.if_exists)
        from airflow_provider_activation.actions import dataddo as actions

        return actions.NamedService(service_id=str(self.service_id), service=str(self.service))


class DataddoCreateSourceOperator(DataddoTask, SubmitOperator):
    """Create a source, or take the one with this label. Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Create a source".

    .. code-block:: python

        source = DataddoCreateSourceOperator(
            task_id="source",
            connector_id="snapchat",
            source_label="Snapchat Insights",
            service_id="{{ ti.xcom_pull('service')['id'] }}",
            parameters={"organizationId": "...", "dateRange": "30d1", "strategy": "incremental"},
        )

    :param connector_id: the connector, for example ``snapchat`` (templated).
    :param source_label: the source's label (templated).
    :param service_id: the authorised service with which it loads; left out for a connector that takes none
        (templated).
    :param parameters: the connector's own parameters, in its own field names. Date ranges are written
        without braces: ``30d1`` (templated).
    :param key_style: how the connector spells the fields of every source, ``camelCase`` or ``snake_case``; as
        Dataddo's description has it if left out (templated).
    :param oauth_id_type: whether the service's id goes out as ``text`` or as ``number``; as Dataddo's
        description has it if left out (templated).
    :param if_exists: ``reuse`` takes a source with this label; ``fail`` fails if there is one; ``create``
        makes another, with the submission key at the end of the label (templated).
    :param mark_submission: with ``if_exists="create"``, where in the label the submission key stands: at the
        end (``suffix`` or True), at the beginning (``prefix``, for a service that cuts texts) or nowhere
        (False) (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises InvalidRequest: the connector needs a service, or Dataddo refuses a parameter.
    :raises NotAsAsked: the source of this label has other parameters.
    :raises Conflict: there is one, and ``if_exists`` is ``fail``.
    """

    arguments = {
        "connector_id": FILLED,
        "source_label": FILLED,
        "service_id": ID | None,
        "parameters": STRUCTURE,
        **_SPELLING,
        "if_exists": IF_EXISTS,
        "mark_submission": MARK,
    }
    nouns = ("source",)
    outputs = ("id",)

    def __init__(
        self,
        *,
        connector_id: str,
        source_label: str,
        parameters: Mapping[str, Any],
        service_id: str | int | None = None,
        key_style: KeyStyle | None = None,
        oauth_id_type: OAuthIdType | None = None,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connector_id = connector_id
        self.source_label = source_label
        self.service_id: Any = service_id
        self.parameters = parameters
        self.key_style = key_style
        self.oauth_id_type = oauth_id_type
        self.if_exists: IfExists = if_exists
        self.mark_submission: Any = mark_submission
        self.dataddo_conn_id = dataddo_conn_id

    def submission(self, key: str) -> actions.Source:
        from airflow_provider_activation.actions import dataddo as actions

        _need_service(self.connector_id, self.service_id or "")
        return actions.Source(
            connector_id=self.connector_id,
            label=self.source_label,
            service_id=self.service_id,
            parameters=self.parameters,
            key_style=self.key_style,
            oauth_id_type=self.oauth_id_type,
            key=key,
            mark=self.mark_submission or None,
            if_exists=self.if_exists,
        )


class DataddoCreateFlowOperator(DataddoTask, SubmitOperator):
    """Create a flow that writes the data of its sources to an app, or take an equal one.

    Returns ``{"id": ...}``.

    Document: "End-to-end Example", step "Add the source to a flow".

    .. code-block:: python

        flow = DataddoCreateFlowOperator(
            task_id="flow", source_ids=["60f1"], app="google_data_studio", flow_label="Spend"
        )

    :param source_ids: the sources (templated).
    :param app: where the flow writes its data, for example ``google_data_studio`` (templated).
    :param flow_label: the flow's label (templated).
    :param if_exists: ``reuse`` takes a flow with the same sources, app and label; ``fail`` fails if there is
        one; ``create`` makes another, with the submission key at the end of the label (templated).
    :param mark_submission: with ``if_exists="create"``, where in the label the submission key stands: at the
        end (``suffix`` or True), at the beginning (``prefix``, for a service that cuts texts) or nowhere
        (False) (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises NotAsAsked: the flow is not what was asked for.
    :raises Conflict: there is one, and ``if_exists`` is ``fail``.
    """

    arguments = {
        "source_ids": IDS,
        "app": FILLED,
        "flow_label": FILLED,
        "if_exists": IF_EXISTS,
        "mark_submission": MARK,
    }
    nouns = ("flow",)
    outputs = ("id",)

    def __init__(
        self,
        *,
        source_ids: Sequence[str],
        app: str,
        flow_label: str,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_ids = source_ids
        self.app = app
        self.flow_label = flow_label
        self.if_exists: IfExists = if_exists
        self.mark_submission: Any = mark_submission
        self.dataddo_conn_id = dataddo_conn_id

    def submission(self, key: str) -> actions.Flow:
        from airflow_provider_activation.actions import dataddo as actions

        return actions.Flow(
            source_ids=tuple(self.source_ids),
            app=self.app,
            label=self.flow_label,
            key=key,
            mark=self.mark_submission or None,
            if_exists=self.if_exists,
        )


class DataddoBuildFlowOperator(DataddoCredentialsTask, SubmitOperator):
    """Authorise a service, create a source with it, and create a flow fed by the source.

    A source or a flow that exists is taken if it loads with these credentials. A retry continues at the step
    that failed. Returns ``{"source_id": ..., "flow_id": ...}``. Document: "End-to-end Example".

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

    :param service: the service to authorise, for example ``snapchat_static``; left out, as credentials and
        ``service_id`` are, for a connector that takes none (templated).
    :param credentials_conn_id: the connection that holds the credentials (templated).
    :param credentials: see `DataddoCreateServiceOperator` (templated).
    :param service_id: an authorised service that exists, instead of ``service`` and credentials (templated).
    :param service_label: see `DataddoCreateServiceOperator` (templated).
    :param connector_id: the connector, for example ``snapchat`` (templated).
    :param source_label: label of the source (templated).
    :param source_parameters: the connector's own parameters, in its own field names. Date ranges are
        written without braces: ``30d1`` (templated).
    :param key_style: see `DataddoCreateSourceOperator` (templated).
    :param oauth_id_type: see `DataddoCreateSourceOperator` (templated).
    :param flow_label: label of the flow (templated).
    :param app: where the flow writes its data, for example ``google_data_studio`` (templated).
    :param if_exists: ``reuse`` takes a service whose label has the hash of these credentials, a source with
        this label and service, and a flow with this label and source; ``fail`` fails if there is one;
        ``create`` makes new ones, with the submission key at the end of the labels (templated).
    :param mark_submission: with ``if_exists="create"``, where in the labels the submission key stands: at the
        end (``suffix`` or True), at the beginning (``prefix``, for a service that cuts texts) or nowhere
        (False) (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises InvalidConnection: the connection of the credentials lacks a field.
    :raises InvalidRequest: the connector needs a service, or Dataddo refuses the credentials or a parameter.
    :raises NotAsAsked: the source of this label has other parameters, or what was made is not what was asked
        for.
    :raises Conflict: there is a source or a flow, and ``if_exists`` is ``fail``.
    """

    arguments = {
        "connector_id": FILLED,
        "source_label": FILLED,
        "source_parameters": STRUCTURE,
        **_SPELLING,
        "flow_label": FILLED,
        "app": FILLED,
    }
    nouns = ("service", "source", "flow")
    outputs = ("source_id", "flow_id")

    def __init__(
        self,
        *,
        connector_id: str,
        source_label: str,
        source_parameters: Mapping[str, Any],
        flow_label: str,
        app: str,
        service: str | None = None,
        credentials_conn_id: str | None = None,
        credentials: Mapping[str, str] | None = None,
        service_id: str | int | None = None,
        service_label: str | None = None,
        key_style: KeyStyle | None = None,
        oauth_id_type: OAuthIdType | None = None,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        dataddo_conn_id: str = "dataddo_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.credentials_conn_id = credentials_conn_id
        self.key_style = key_style
        self.oauth_id_type = oauth_id_type
        self.service_id = service_id
        self.service_label = service_label
        self.connector_id = connector_id
        self.source_label = source_label
        self.source_parameters = source_parameters
        self.flow_label = flow_label
        self.app = app
        self.if_exists: IfExists = if_exists
        self.credentials = credentials
        self.mark_submission: Any = mark_submission
        self.dataddo_conn_id = dataddo_conn_id

    def check(self) -> None:
        # a connector that takes no service: the run knows which do
        if not self.service_id is self.credentials_conn_id is self.service is None:
            super().check()

    def submission(self, key: str) -> actions.BuildFlow:
        from airflow_provider_activation.actions import dataddo as actions

        _need_service(self.connector_id, str(self.service_id or self.service or ""))
        service: actions.AuthorizedService | str | None = None
        if self.service_id is not None:
            service = str(self.service_id)
        elif self.service is not None:
            # several sources may load with one service: that it exists forbids nothing
            service = self.authorized_service(key, "create" if self.if_exists == "create" else "reuse")
        return actions.BuildFlow(
            service=service,
            source=actions.Source(
                connector_id=self.connector_id,
                label=self.source_label,
                parameters=self.source_parameters,
                key_style=self.key_style,
                oauth_id_type=self.oauth_id_type,
                key=key,
                mark=self.mark_submission or None,
                if_exists=self.if_exists,
            ),
            flow=actions.Flow(
                app=self.app,
                label=self.flow_label,
                key=key,
                mark=self.mark_submission or None,
                if_exists=self.if_exists,
            ),
        )


def _need_service(connector_id: str, service: str) -> None:
    """Refuse a source without an authorised service, unless its connector takes none."""
    from airflow_provider_activation.api import dataddo as api
    from airflow_provider_activation.errors import InvalidRequest

    if not service and connector_id not in api.WITHOUT_AUTHORIZER:
        raise InvalidRequest(f"the connector {connector_id} needs an authorised service: give service_id.")


class DataddoDeleteServiceOperator(DataddoTask, DeleteOperator):
    """Delete an authorised service. Returns ``{"id": ...}``. Dataddo refuses it while a source uses it.

    Document: the headless beta API, "DELETE /services/{id}".

    .. code-block:: python

        delete = DataddoDeleteServiceOperator(task_id="delete_service", service_id="1000")

    :param service_id: the authorised service (templated).
    :param dataddo_conn_id: the connection's id (templated).
    :raises Conflict: a source uses the service.
    """

    arguments = {"service_id": ID}
    id_argument = "service_id"
    reads = "get_service"
    deletes = "delete_service"

    def __init__(self, *, service_id: str, dataddo_conn_id: str = "dataddo_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.service_id = service_id
        self.dataddo_conn_id = dataddo_conn_id


class DataddoDeleteSourceOperator(DataddoTask, DeleteOperator):
    """Delete a source and what it loaded. Returns ``{"id": ...}``.

    Document: the headless beta API, "DELETE /sources/{id}".

    .. code-block:: python

        delete = DataddoDeleteSourceOperator(task_id="delete_source", source_id="60f1", if_missing="ignore")

    :param source_id: the source (templated).
    :param dataddo_conn_id: the connection's id (templated).
    """

    arguments = {"source_id": ID}
    id_argument = "source_id"
    reads = "get_source"
    deletes = "delete_source"

    def __init__(self, *, source_id: str, dataddo_conn_id: str = "dataddo_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source_id = source_id
        self.dataddo_conn_id = dataddo_conn_id


class DataddoDeleteFlowOperator(DataddoTask, DeleteOperator):
    """Delete a flow. Returns ``{"id": ...}``. Document: the headless beta API, "DELETE /flows/{id}".

    .. code-block:: python

        delete = DataddoDeleteFlowOperator(task_id="delete_flow", flow_id="60f2")

    :param flow_id: the flow (templated).
    :param dataddo_conn_id: the connection's id (templated).
    """

    arguments = {"flow_id": ID}
    id_argument = "flow_id"
    reads = "get_flow"
    deletes = "delete_flow"

    def __init__(self, *, flow_id: str, dataddo_conn_id: str = "dataddo_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow_id = flow_id
        self.dataddo_conn_id = dataddo_conn_id
