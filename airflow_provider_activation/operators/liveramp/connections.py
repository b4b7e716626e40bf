"""Operators for LiveRamp: authorisations and integration connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, some_of
from airflow_provider_activation.links.liveramp import LiveRampAuthorizeLink
from airflow_provider_activation.operators.base import (
    JSON,
    ActionOperator,
    DeleteOperator,
    SubmitAndWaitOperator,
    SubmitOperator,
)
from airflow_provider_activation.tasks import LiveRampTask
from airflow_provider_activation.words import DEVICE_TYPES

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, Context

    from airflow_provider_activation.actions import liveramp as actions
    from airflow_provider_activation.actions.base import IfExists
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

__all__ = [
    "LiveRampAuthorizeOAuthConnectionOperator",
    "LiveRampCreateIntegrationConnectionOperator",
    "LiveRampDeleteIntegrationConnectionOperator",
    "LiveRampUpdateIntegrationConnectionOperator",
]

AUTHORIZED = "It is authorised"
NOBODY_AUTHORIZES = "Nobody will authorise it"


class LiveRampAuthorizeOAuthConnectionOperator(LiveRampTask, SubmitAndWaitOperator):
    """Ask a person to authorise LiveRamp at a destination, and wait until it is done.

    The person opens the link "Authorize" on the task's Details tab, which is there as soon as the task waits.
    Nobody pastes a code. Returns the ``oAuthConnectionID``, or the attempt's id with
    ``wait_for_completion=False``. Document: "Configure Distributions", section "Create an OAuth connection".

    .. code-block:: python

        authorize = LiveRampAuthorizeOAuthConnectionOperator(
            task_id="authorize", destination_id="1001", integration_id="2001", deferrable=True
        )

    :param destination_id: the destination of the integration (templated).
    :param integration_id: the integration that needs the authorisation (templated).
    :param oauth_connection_id: an existing OAuth connection to authorise again (templated).
    :param if_exists: ``reuse`` returns the newest OAuth connection that exists and asks nobody; ``create``
        asks for a new one; ``fail`` fails if one exists.
    :param notifiers: Airflow notifiers that inform the person; their templates may use
        ``{{ authorization_url }}``. If a notifier fails, that is logged and the wait goes on.
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: the integration needs no authorisation.
    :raises JobFailed: the person declined, with LiveRamp's reason.
    """

    template_fields = (
        *LiveRampTask.template_fields,
        "destination_id",
        "integration_id",
        "oauth_connection_id",
    )
    operator_extra_links = (LiveRampAuthorizeLink(),)
    nouns = ("OAuth connection attempt",)
    ignored_arguments = ("cancel_on_kill", "on_uncertain")
    authorization_url: str | None = None

    def __init__(
        self,
        *,
        destination_id: str,
        integration_id: str,
        oauth_connection_id: str | None = None,
        if_exists: IfExists = "reuse",
        notifiers: Sequence[BaseNotifier] | BaseNotifier = (),
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.liveramp_conn_id = liveramp_conn_id
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.oauth_connection_id = oauth_connection_id
        self.notifiers = list(notifiers) if isinstance(notifiers, Sequence) else [notifiers]
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    def action(self, key: str) -> actions.OAuthConnectionAttempt:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.OAuthConnectionAttempt(
            destination_id=self.destination_id,
            integration_id=self.integration_id,
            oauth_connection_id=_text(self.oauth_connection_id),
            if_exists=self.if_exists,
        )

    def probe(self, made: JSON) -> OAuthConnectionAttemptProbe:
        from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

        return OAuthConnectionAttemptProbe(attempt_id=made)

    def announce(self, context: Context, made: JSON) -> None:
        self.authorization_url = self.hook.get_oauth_connection_attempt(made).authorization_url
        if self.authorization_url is None:
            return
        LiveRampAuthorizeLink().persist(context["ti"], self.authorization_url)
        self.log.info(
            'A person has to authorise LiveRamp: open the link "Authorize" on this task\'s Details tab.'
        )
        if self.deferrable:
            self._require_action(context, self.authorization_url)
        for notifier in self.notifiers:
            try:
                notifier({**context, "authorization_url": self.authorization_url})
            except Exception:
                self.log.exception("%s failed; the link is there all the same.", type(notifier).__name__)

    def execute_complete(self, context: Context, event: Mapping[str, JSON] | None = None) -> JSON:
        """Go on where the triggerer left off, or where a person answered the required action."""
        if event is None or "chosen_options" not in event:
            return super().execute_complete(context, event)
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.errors import Declined
        from airflow_provider_activation.waits.probe import Pending, conclude

        submitted = self.submitted(context)
        probe = self.probe(submitted["made"])
        if NOBODY_AUTHORIZES in event["chosen_options"]:
            raise Declined(f"{probe.subject}: a person answered: {NOBODY_AUTHORIZES}.", service=api.SERVICE)
        outcome = self.hook.run(probe.look())
        if not isinstance(outcome, Pending):
            return self.finish(context, conclude(probe, outcome))
        self.log.warning("%s is %s at LiveRamp; the wait goes on.", probe.subject, outcome.status)
        self.authorization_url = self.hook.get_oauth_connection_attempt(submitted["made"]).authorization_url
        self._require_action(context, self.authorization_url or "")
        self.wait_deferred(probe, submitted["deadline"])

    def _require_action(self, context: Context, url: str) -> None:
        """Have Airflow list the task under "Required Actions"."""
        from airflow_provider_activation import airflow_compat

        if not LiveRampAuthorizeLink.is_safe(url):
            return
        airflow_compat.require_action(
            context["ti"],
            subject=f"Authorise LiveRamp at destination {self.destination_id}",
            body=(
                f"Open [the page of the destination]({url}) and authorise LiveRamp there. "
                "The task sees by itself that it is done; an answer here only makes it look sooner."
            ),
            # the second has an effect only where an answer resumes the task
            options=[AUTHORIZED, NOBODY_AUTHORIZES] if airflow_compat.answers_resume() else [AUTHORIZED],
        )


class LiveRampCreateIntegrationConnectionOperator(LiveRampTask, SubmitOperator):
    """Create an integration connection, or take the equal one that exists.

    Returns ``{"id": ..., "distributionManagerID": ...}``. The second is the connection's distribution manager
    of the given name, or its only one if no name is given; null if there is no such manager, or more than
    one. Document: "Configure Distributions"; the vendor advises one connection per destination and customer.

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
    :param properties: the integration's required properties, name and value (templated).
    :param device_types: the kinds of device to match, for example ``WEB``.
    :param oauth_connection_id: the authorisation, if the integration needs one (templated).
    :param distribution_manager_name: also makes a distribution manager of this name, at most 50
        characters (templated).
    :param if_exists: ``reuse`` takes a connection equal in integration, properties, device types and
        authorisation; ``fail`` fails on it; ``create`` makes another, with the submission key in the
        distribution manager's name.
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: the integration does not have a property or device type, or it needs a property or
        an authorisation that is not given.
    """

    template_fields = (
        *LiveRampTask.template_fields,
        "destination_id",
        "integration_id",
        "properties",
        "oauth_connection_id",
        "distribution_manager_name",
    )
    nouns = ("integration connection",)
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
        liveramp_conn_id: str = "liveramp_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.liveramp_conn_id = liveramp_conn_id
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.properties = properties
        self.device_types = some_of("device_types", device_types, DEVICE_TYPES)
        self.oauth_connection_id = oauth_connection_id
        self.distribution_manager_name = distribution_manager_name
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    def action(self, key: str) -> actions.IntegrationConnection:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.IntegrationConnection(
            destination_id=self.destination_id,
            integration_id=self.integration_id,
            properties=self.properties,
            device_types=self.device_types,
            oauth_connection_id=_text(self.oauth_connection_id),
            distribution_manager_name=self.distribution_manager_name,
            key=key,
            if_exists=self.if_exists,
        )


class LiveRampUpdateIntegrationConnectionOperator(LiveRampTask, ActionOperator):
    """Change an integration connection. Arguments that are left out change nothing.

    May be run any number of times. LiveRamp replaces the whole connection, so it is read first. Returns the
    connection as LiveRamp describes it afterwards. Document: the description of the
    Activation API 2.9.0, "integration-connections".

    .. code-block:: python

        move = LiveRampUpdateIntegrationConnectionOperator(
            task_id="move", integration_connection_id="7000001", properties={"folder": "weekly"}
        )

    :param integration_connection_id: the integration connection (templated).
    :param properties: all properties, name and value (templated).
    :param device_types: all kinds of device to match.
    :param oauth_connection_id: another authorisation (templated).
    :param liveramp_conn_id: the connection's id (templated).
    """

    template_fields = (
        *LiveRampTask.template_fields,
        "integration_connection_id",
        "properties",
        "oauth_connection_id",
    )
    outputs = ("id",)

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
        self.liveramp_conn_id = liveramp_conn_id
        self.integration_connection_id = integration_connection_id
        self.properties = properties
        self.device_types = (
            None if device_types is None else some_of("device_types", device_types, DEVICE_TYPES)
        )
        self.oauth_connection_id = oauth_connection_id

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import liveramp as api

        connection_id = str(self.integration_connection_id)
        changes: dict[str, Any] = {
            "properties": None
            if self.properties is None
            else [{"property_key": name, "property_value": value} for name, value in self.properties.items()],
            "device_types": self.device_types,
            "oauth_connection_id": _text(self.oauth_connection_id),
        }
        update = api.IntegrationConnectionUpdate.keeping(
            await api.get_integration_connection(connection_id),
            **{name: value for name, value in changes.items() if value is not None},
        )
        await api.update_integration_connection(connection_id, update)
        return (await api.get_integration_connection(connection_id)).plain()


class LiveRampDeleteIntegrationConnectionOperator(LiveRampTask, DeleteOperator):
    """Delete an integration connection. Returns ``{"id": ...}``.

    Document: the description of the Activation API 2.9.0, "integration-connections". It does not say what
    becomes of the connection's distribution managers.

    .. code-block:: python

        delete = LiveRampDeleteIntegrationConnectionOperator(
            task_id="delete_connection", integration_connection_id="7000001"
        )

    :param integration_connection_id: the integration connection (templated).
    :param liveramp_conn_id: the connection's id (templated).
    """

    template_fields = (*LiveRampTask.template_fields, "integration_connection_id")

    def __init__(
        self, *, integration_connection_id: str, liveramp_conn_id: str = "liveramp_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.liveramp_conn_id = liveramp_conn_id
        self.integration_connection_id = integration_connection_id

    def look(self) -> Call[Any]:
        from airflow_provider_activation.api import liveramp as api

        return api.get_integration_connection(str(self.integration_connection_id))

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import liveramp as api

        return api.delete_integration_connection(str(self.integration_connection_id))

    @property
    def result(self) -> JSON:
        return {"id": str(self.integration_connection_id)}


def _text(given: str | int | None) -> str | None:
    """An id that may be left out, as text; a template may render it as a number."""
    return None if given is None else str(given)
