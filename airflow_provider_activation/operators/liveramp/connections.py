"""Operators for LiveRamp: authorisations and integration connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, some_of
from airflow_provider_activation.tasks import LiveRampTask
from airflow_provider_activation.words import DEVICE_TYPES
from airflow_provider_activation.links.liveramp import LiveRampAuthorizeLink
from airflow_provider_activation.operators.base import (
    JSON,
    ActionOperator,
    DeleteOperator,
    Finished,
    SubmittingOperator,
)

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, Context

    from airflow_provider_activation.api import liveramp as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps
    from airflow_provider_activation.actions.base import Candidate, IfExists, Memory, Submission
    from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

__all__ = [
    "LiveRampAuthorizeOAuthConnectionOperator",
    "LiveRampCreateIntegrationConnectionOperator",
    "LiveRampDeleteIntegrationConnectionOperator",
    "LiveRampUpdateIntegrationConnectionOperator",
]

AUTHORIZED = "It is authorised"
NOBODY_AUTHORIZES = "Nobody will authorise it"


class LiveRampAuthorizeOAuthConnectionOperator(LiveRampTask, SubmittingOperator):
    """Ask a person to authorise LiveRamp at a destination, and wait until it is done.

    The address to open is the link "Authorize" on the task's Details tab as soon as the task waits.
    Nobody pastes a code.
    Returns the ``oAuthConnectionID`` (document: "Configure Distributions", section "Create an OAuth
    connection").

    .. code-block:: python

        authorize = LiveRampAuthorizeOAuthConnectionOperator(
            task_id="authorize", destination_id="1001", integration_id="2001", deferrable=True
        )

    :param destination_id: destination of the integration that needs the authorisation (templated).
    :param integration_id: the integration (templated).
    :param oauth_connection_id: an existing OAuth connection to authorise again (templated).
    :param if_exists: ``reuse`` returns the newest OAuth connection there is and asks nobody; ``create``
        asks for a new one; ``fail`` fails if there is one.
    :param notifiers: Airflow notifiers that tell the person; their templates may use
        ``{{ authorization_url }}``. One that fails is logged, and the wait goes on.
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

    def __init__(
        self,
        *,
        destination_id: str,
        integration_id: str,
        oauth_connection_id: str | None = None,
        if_exists: IfExists = "reuse",
        notifiers: Sequence[BaseNotifier] | BaseNotifier = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.oauth_connection_id = oauth_connection_id
        self.notifiers = list(notifiers) if isinstance(notifiers, Sequence) else [notifiers]
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))
        self.authorization_url: str | None = None

    async def start(self, key: str, memory: Memory) -> JSON | Finished:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.api.call import every_page
        from airflow_provider_activation.errors import Conflict, InvalidRequest
        from airflow_provider_activation.actions.base import Submission, look_until, submit

        integration = await api.get_integration(self.destination_id, self.integration_id)
        endpoint_id = integration.oauth_endpoint_id
        if endpoint_id is None:
            raise InvalidRequest(
                f"integration {self.integration_id} ({integration.name}) needs no authorisation."
            )
        if self.oauth_connection_id is None and self.if_exists != "create":

            def listed() -> Steps[list[api.OAuthConnection]]:
                return every_page(api.list_oauth_connections(endpoint_id))

            known = memory.recall(self.nouns[0])
            # a person may have been asked by an earlier try, and may just have consented
            connections = await (look_until(listed, bool) if known and "id" not in known else listed())
            if connections and self.if_exists == "fail":
                raise Conflict(f"OAuth connection {connections[0].id} exists already.")
            if connections:
                newest = max(connections, key=lambda c: (c.updated_at is not None, c.updated_at))
                self.log.info("OAuth connection %s exists; nobody is asked.", newest.id)
                return Finished(newest.id)
        attempt = api.OAuthConnectionAttemptInput(
            oauth_endpoint_id=endpoint_id, oauth_connection_id=_text(self.oauth_connection_id)
        )
        created = await submit(
            Submission(
                noun=self.nouns[0],
                create=api.create_oauth_connection_attempt(attempt),
                # attempts cannot be listed, and one nobody completes makes nothing
                find=_nothing,
                id_of=lambda created, before: created.id,
                recall=_attempt_failed,
            ),
            memory,
            on_uncertain=self.on_uncertain,
        )
        started = await api.get_oauth_connection_attempt(created)
        self.authorization_url = started.authorization_url
        return created

    def announce(self, context: Context, made: JSON) -> None:
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
        attempt: api.OAuthConnectionAttempt = self.hook.get_oauth_connection_attempt(submitted["made"])
        self.authorization_url = attempt.authorization_url
        self._require_action(context, attempt.authorization_url or "")
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
            # the second is of use only where the answer is heard
            options=[AUTHORIZED, NOBODY_AUTHORIZES] if airflow_compat.answers_resume() else [AUTHORIZED],
        )

    def probe(self, made: JSON) -> OAuthConnectionAttemptProbe:
        from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

        return OAuthConnectionAttemptProbe(attempt_id=made)

    async def result(self, made: JSON) -> JSON:
        return made


class LiveRampCreateIntegrationConnectionOperator(LiveRampTask, SubmittingOperator):
    """Create an integration connection, or take the equal one that exists.

    Returns ``{"id": ..., "distributionManagerID": ...}``; the second is null where the connection has no
    distribution manager of the name given (or none, if no name is given). Document: "Configure
    Distributions"; the vendor advises one connection per destination and customer.

    .. code-block:: python

        connect = LiveRampCreateIntegrationConnectionOperator(
            task_id="connect",
            destination_id="1002",
            integration_id="2002",
            properties={"bucket": "audiences", "folder": "daily"},
            device_types=["PII"],
            distribution_manager_name="Daily",
        )

    :param destination_id: where to (templated).
    :param integration_id: which of the destination's integrations (templated).
    :param properties: the integration's required properties, name and value (templated).
    :param device_types: kinds of device to match, for example ``WEB``.
    :param oauth_connection_id: the authorisation, where the integration needs one (templated).
    :param distribution_manager_name: also makes a distribution manager of this name, at most 50
        characters (templated).
    :param if_exists: ``reuse`` takes a connection equal in integration, properties, device types and
        authorisation; ``fail`` fails on it; ``create`` makes another, with the submission key in the
        distribution manager's name.
    :raises InvalidRequest: a property or device type the integration does not have, or one is missing.
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
    waits = False

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.properties = properties
        self.device_types = some_of("device_types", device_types, DEVICE_TYPES)
        self.oauth_connection_id = oauth_connection_id
        self.distribution_manager_name = distribution_manager_name
        self.if_exists: IfExists = one_of("if_exists", if_exists, ("reuse", "fail", "create"))

    async def start(self, key: str, memory: Memory) -> JSON | Finished:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.actions.base import submit

        integration = await api.get_integration(self.destination_id, self.integration_id)
        self._check_against(integration)
        return await submit(self.submission(key), memory, on_uncertain=self.on_uncertain)

    def submission(self, key: str) -> Submission:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.api.call import every_page
        from airflow_provider_activation.actions.base import Candidate, Submission, marked

        name = self.distribution_manager_name
        if self.if_exists == "create":
            name = marked(name, key, longest=50)
        wanted = api.IntegrationConnectionInput(
            integration_id=(str(self.destination_id), str(self.integration_id)),
            properties=tuple(
                api.PropertyInput(property_key=name, property_value=value)
                for name, value in self.properties.items()
            ),
            device_types=tuple(self.device_types),
            oauth_connection_id=_text(self.oauth_connection_id),
            distribution_manager_name=name or None,
        )

        async def equal_ones(before: JSON) -> list[Candidate]:
            connections = await every_page(api.list_integration_connections())
            return [
                Candidate(connection.id, f"integration connection {connection.id}")
                for connection in connections
                if connection.is_as(wanted)
            ]

        async def of_our_manager(before: JSON) -> list[Candidate]:
            managers = await every_page(api.list_distribution_managers())
            return [
                Candidate(
                    manager.integration_connection_id,
                    f"integration connection {manager.integration_connection_id} "
                    f"with distribution manager {manager.id}",
                )
                for manager in managers
                if manager.name == name
            ]

        return Submission(
            noun=self.nouns[0],
            create=api.create_integration_connection(wanted),
            find=of_our_manager if self.if_exists == "create" else equal_ones,
            id_of=lambda created, before: created.id,
            if_exists=self.if_exists,
        )

    async def result(self, made: JSON) -> JSON:
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.api.call import every_page

        managers = await every_page(api.list_distribution_managers(made))
        name = self.distribution_manager_name
        if name is not None and self.if_exists != "create":
            managers = [manager for manager in managers if manager.name == name]
        return {"id": made, "distributionManagerID": managers[0].id if len(managers) == 1 else None}

    def _check_against(self, integration: api.Integration) -> None:
        from airflow_provider_activation.errors import InvalidRequest

        required = {prop.name for prop in integration.required_properties}
        faults = [f"properties lacks {name!r}" for name in sorted(required - self.properties.keys())]
        faults += [f"properties has {name!r}" for name in sorted(self.properties.keys() - required)]
        if unknown := sorted(set(self.device_types) - set(integration.device_types)):
            faults.append(f"device_types has {', '.join(unknown)}")
        if integration.oauth_endpoint_id is not None and not self.oauth_connection_id:
            faults.append("oauth_connection_id is missing, and the integration needs an authorisation")
        if faults:
            raise InvalidRequest(
                f"{'; '.join(faults)}. Integration {self.integration_id} ({integration.name}) takes the "
                f"properties {', '.join(sorted(required)) or 'none'} and the device types "
                f"{', '.join(integration.device_types) or 'none'}."
            )


class LiveRampUpdateIntegrationConnectionOperator(LiveRampTask, ActionOperator):
    """Change an integration connection. What is left out stays as it is.

    May be run any number of times. LiveRamp replaces the whole, so that the connection is read first.
    Returns the connection as LiveRamp describes it afterwards. Document: the description of the
    Activation API 2.9.0, "integration-connections".

    .. code-block:: python

        move = LiveRampUpdateIntegrationConnectionOperator(
            task_id="move", integration_connection_id="7000001", properties={"folder": "weekly"}
        )

    :param integration_connection_id: the integration connection (templated).
    :param properties: all properties, name and value (templated).
    :param device_types: all kinds of device to match.
    :param oauth_connection_id: another authorisation (templated).
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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
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
        known = await api.get_integration_connection(connection_id)
        update = api.IntegrationConnectionUpdate.keeping(
            known, **{name: value for name, value in changes.items() if value is not None}
        )
        await api.update_integration_connection(connection_id, update)
        changed = await api.get_integration_connection(connection_id)
        return changed.plain()


class LiveRampDeleteIntegrationConnectionOperator(LiveRampTask, DeleteOperator):
    """Delete an integration connection. Returns ``{"id": ...}``.

    What becomes of its distribution managers is not documented. Document: the description of the
    Activation API 2.9.0, "integration-connections".

    .. code-block:: python

        delete = LiveRampDeleteIntegrationConnectionOperator(
            task_id="delete_connection", integration_connection_id="7000001"
        )

    :param integration_connection_id: the integration connection (templated).
    """

    template_fields = (*LiveRampTask.template_fields, "integration_connection_id")

    def __init__(self, *, integration_connection_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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
    """An id that may be left out, also as a template renders it."""
    return None if given is None else str(given)


async def _nothing(before: JSON) -> list[Candidate]:
    return []


async def _attempt_failed(attempt_id: JSON) -> bool:
    from airflow_provider_activation.api import liveramp as api

    attempt = await api.get_oauth_connection_attempt(attempt_id)
    return attempt.status == "FAILED"
