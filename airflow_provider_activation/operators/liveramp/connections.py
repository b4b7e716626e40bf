"""Operators for LiveRamp: integration connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import FILLED, ID, MARK, NAMED_TEXTS, word, words
from airflow_provider_activation.operators.base import ActionOperator, DeleteOperator, SubmitOperator
from airflow_provider_activation.tasks import JSON, LiveRampTask
from airflow_provider_activation.words import DEVICE_TYPES

if TYPE_CHECKING:
    from airflow_provider_activation.actions import liveramp as actions
    from airflow_provider_activation.actions.base import IfExists

__all__ = [
    "LiveRampCreateIntegrationConnectionOperator",
    "LiveRampDeleteIntegrationConnectionOperator",
    "LiveRampUpdateIntegrationConnectionOperator",
]


class LiveRampCreateIntegrationConnectionOperator(LiveRampTask, SubmitOperator):
    """Create an integration connection, or take an equal one that exists.

    Returns ``{"id": ..., "distributionManagerID": ...}``. ``distributionManagerID`` is the id of the
    distribution manager with the given name, which is made if it is missing. Without a name it is the
    connection's only distribution manager. If there is none, or if there are several, it is null, and there
    is no XCom of this name. Document: "Configure Distributions"; the vendor advises one connection per
    destination and customer.

    .. code-block:: python

        connect = LiveRampCreateIntegrationConnectionOperator(
            task_id="connect",
            destination_id="1002",
            integration_id="2002",
            properties={"bucket": "audiences", "folder": "daily"},
            device_types=["PII"],
            distribution_manager_name="Daily",
        )

    :param destination_id: the destination (templated).
    :param integration_id: one of the destination's integrations (templated).
    :param properties: the integration's required properties, name and value: all of them, and no others
        (templated).
    :param device_types: the kinds of device to match, for example ``["WEB"]``, out of those of the
        integration (templated).
    :param oauth_connection_id: the authorisation, if the integration needs one (templated).
    :param distribution_manager_name: also makes a distribution manager of this name, at most 50
        characters (templated).
    :param if_exists: ``reuse`` takes a connection with the same integration, properties, device types and
        authorisation; ``fail`` fails on it; ``create`` makes another, with the submission key in the
        distribution manager's name (templated).
    :param mark_submission: with ``if_exists="create"``, where in the distribution manager's name the
        submission key stands: at the end (``suffix`` or True), at the beginning (``prefix``, for a service
        that cuts texts) or nowhere (False) (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: the integration does not have a property or device type, or it needs a property or
        an authorisation that is not given.
    :raises Conflict: an equal one exists, and ``if_exists`` is ``fail``.
    :raises NotAsAsked: LiveRamp made a connection that is not what was asked for.
    """

    arguments = {
        "destination_id": ID,
        "integration_id": ID,
        "properties": NAMED_TEXTS,
        "device_types": words(*DEVICE_TYPES),
        "oauth_connection_id": ID | None,
        "distribution_manager_name": FILLED | None,
        "if_exists": word("reuse", "fail", "create"),
        "mark_submission": MARK,
    }
    nouns = ("integration connection", "distribution manager")
    outputs = ("id", "distributionManagerID")

    def __init__(
        self,
        *,
        destination_id: str,
        integration_id: str,
        properties: Mapping[str, str],
        device_types: Sequence[str],
        oauth_connection_id: str | None = None,
        distribution_manager_name: str | None = None,
        if_exists: IfExists = "reuse",
        mark_submission: bool | str = True,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.properties = properties
        self.device_types = device_types
        self.oauth_connection_id = oauth_connection_id
        self.distribution_manager_name = distribution_manager_name
        self.if_exists: IfExists = if_exists
        self.mark_submission: Any = mark_submission
        self.liveramp_conn_id = liveramp_conn_id

    def simulated(self, made: JSON) -> JSON:
        return {"id": made, "distributionManagerID": made if self.distribution_manager_name else None}

    def submission(self, key: str) -> actions.IntegrationConnection:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.IntegrationConnection(
            destination_id=self.destination_id,
            integration_id=self.integration_id,
            properties=self.properties,
            device_types=tuple(self.device_types),
            oauth_connection_id=self.oauth_connection_id,
            distribution_manager_name=self.distribution_manager_name,
            key=key,
            mark=self.mark_submission or None,
            if_exists=self.if_exists,
        )


class LiveRampUpdateIntegrationConnectionOperator(LiveRampTask, ActionOperator):
    """Change an integration connection. Arguments that are left out change nothing.

    May be run any number of times. LiveRamp replaces the whole connection, so it is read first. Returns the
    integration connection as LiveRamp describes it afterwards. Document: the Activation API 2.9.0,
    "integration-connections".

    .. code-block:: python

        move = LiveRampUpdateIntegrationConnectionOperator(
            task_id="move",
            integration_connection_id="7000001",
            properties={"bucket": "audiences", "folder": "weekly"},
        )

    :param integration_connection_id: the integration connection (templated).
    :param properties: all properties, name and value; they replace the present ones (templated).
    :param device_types: all kinds of device to match; they replace the present ones (templated).
    :param oauth_connection_id: another authorisation (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: LiveRamp refuses the change, for example since a required property is missing.
    :raises Refused: LiveRamp accepted the change and shows something else.
    """

    arguments = {
        "integration_connection_id": ID,
        "properties": NAMED_TEXTS | None,
        "device_types": words(*DEVICE_TYPES) | None,
        "oauth_connection_id": ID | None,
    }
    outputs = ("id",)
    shows = "IntegrationConnection"

    def __init__(
        self,
        *,
        integration_connection_id: str,
        properties: Mapping[str, str] | None = None,
        device_types: Sequence[str] | None = None,
        oauth_connection_id: str | None = None,
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.integration_connection_id = integration_connection_id
        self.properties = properties
        self.device_types = device_types
        self.oauth_connection_id = oauth_connection_id
        self.liveramp_conn_id = liveramp_conn_id

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import liveramp as actions

        changes = self.given(("properties", "device_types", "oauth_connection_id"))
        if self.properties is not None:
            named = self.properties.items()
            changes["properties"] = [{"property_key": key, "property_value": value} for key, value in named]
        return await actions.update_integration_connection(self.integration_connection_id, changes)

    def intent(self) -> str:
        return f"integration connection {self.integration_connection_id} would be changed: {self._changed}"

    def simulated(self, made: JSON) -> JSON:
        return self.unknown() | {"id": self.integration_connection_id}

    @property
    def _changed(self) -> str:
        return self.changed(("properties", "device_types", "oauth_connection_id"))

    def summary(self, result: JSON) -> str:
        return f"Changed integration connection {self.integration_connection_id}: {self._changed}."


class LiveRampDeleteIntegrationConnectionOperator(LiveRampTask, DeleteOperator):
    """Delete an integration connection. Returns ``{"id": ...}``.

    Delete its distribution managers first: what becomes of them otherwise is not documented. Document: the
    Activation API 2.9.0, "integration-connections".

    .. code-block:: python

        delete = LiveRampDeleteIntegrationConnectionOperator(
            task_id="delete_connection", integration_connection_id="7000001"
        )

    :param integration_connection_id: the integration connection (templated).
    :param liveramp_conn_id: the connection's id (templated).
    :raises NotFound: it is missing on the first try, and ``if_missing`` is ``fail``.
    """

    arguments = {"integration_connection_id": ID}
    id_argument = "integration_connection_id"
    reads = "get_integration_connection"
    deletes = "delete_integration_connection"

    def __init__(
        self, *, integration_connection_id: str, liveramp_conn_id: str = "liveramp_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.integration_connection_id = integration_connection_id
        self.liveramp_conn_id = liveramp_conn_id
