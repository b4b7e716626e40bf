"""Operators for LiveRamp: authorisations by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import ID, OBJECTS, word
from airflow_provider_activation.operators.base import SubmitAndWaitOperator
from airflow_provider_activation.tasks import JSON, LiveRampTask

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier, BaseOperatorLink, Context

    from airflow_provider_activation.actions import liveramp as actions
    from airflow_provider_activation.actions.base import IfExists
    from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

__all__ = ["LiveRampAuthorizeOAuthConnectionOperator"]

AUTHORIZED = "It is authorised"
NOBODY_AUTHORIZES = "Nobody will authorise it"


class LiveRampAuthorizeOAuthConnectionOperator(LiveRampTask, SubmitAndWaitOperator):
    """Ask a person to authorise LiveRamp at a destination, and wait until it is done.

    The person opens the link "Authorize" on the task's Details tab, which is there as soon as the task waits.
    Nobody pastes a code. Returns the ``oAuthConnectionID``; with ``wait_for_completion=False`` the id of the
    attempt, if a person has to be asked. Document: "Configure Distributions", section "Create an OAuth
    connection".

    .. code-block:: python

        authorize = LiveRampAuthorizeOAuthConnectionOperator(
            task_id="authorize", destination_id="1001", integration_id="2001", deferrable=True
        )

    :param destination_id: the destination of the integration (templated).
    :param integration_id: the integration that needs the authorisation (templated).
    :param oauth_connection_id: an existing OAuth connection to authorise again. A person is asked in each
        run; ``if_exists`` has no effect (templated).
    :param if_exists: ``reuse`` returns the newest OAuth connection of the integration and asks nobody, also
        if another person authorised it; ``create`` asks for a new one; ``fail`` fails if one exists
        (templated).
    :param notifiers: Airflow notifiers that inform the person; their templates may use ``{{ authorization_url
        }}``. If a notifier fails, its error is logged and the wait goes on.
    :param liveramp_conn_id: the connection's id (templated).
    :raises InvalidRequest: the integration needs no authorisation.
    :raises Conflict: one exists, and ``if_exists`` is ``fail``.
    :raises JobFailed: the person declined at the destination, with LiveRamp's reason.
    :raises Declined: somebody answered "Nobody will authorise it" under "Required Actions" (Airflow 3.3).
    :raises WaitTimeout: nobody had authorised it when ``timeout`` had passed. The next try waits for the same
        attempt, where Airflow stores it (3.3).
    """

    arguments = {
        "destination_id": ID,
        "integration_id": ID,
        "oauth_connection_id": ID | None,
        "if_exists": word("reuse", "fail", "create"),
        "notifiers": OBJECTS,
    }
    nouns = ("OAuth connection attempt",)
    ignored_arguments = frozenset({"cancel_on_kill", "on_uncertain"})
    authorization_url: str | None = None

    def __init__(
        self,
        *,
        destination_id: str,
        integration_id: str,
        oauth_connection_id: str | None = None,
        if_exists: IfExists = "reuse",
        liveramp_conn_id: str = "liveramp_default",
        notifiers: Sequence[BaseNotifier] | BaseNotifier = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**self.without_ignored(kwargs))
        self.destination_id = destination_id
        self.integration_id = integration_id
        self.oauth_connection_id = oauth_connection_id
        self.notifiers = list(notifiers) if isinstance(notifiers, Sequence) else [notifiers]
        self.if_exists: IfExists = if_exists
        self.liveramp_conn_id = liveramp_conn_id

    @property
    def operator_extra_links(self) -> tuple[BaseOperatorLink, ...]:  # type: ignore[override]
        # Airflow loads its base of links for nothing else
        from airflow_provider_activation.links.liveramp import LiveRampAuthorizeLink

        return (LiveRampAuthorizeLink(),)

    def submission(self, key: str) -> actions.OAuthConnectionAttempt:
        from airflow_provider_activation.actions import liveramp as actions

        return actions.OAuthConnectionAttempt(
            destination_id=self.destination_id,
            integration_id=self.integration_id,
            oauth_connection_id=self.oauth_connection_id,
            if_exists=self.if_exists,
        )

    def intent(self) -> str:
        return f"a person would be asked to authorise LiveRamp at destination {self.destination_id}"

    def simulated(self, made: JSON) -> JSON:
        return made

    def probe(self, made: JSON) -> OAuthConnectionAttemptProbe:
        from airflow_provider_activation.waits.liveramp import OAuthConnectionAttemptProbe

        return OAuthConnectionAttemptProbe(attempt_id=made)

    def announce(self, context: Context, made: JSON) -> None:
        self.authorization_url = self._page(made)
        if self.authorization_url is None:
            return
        from airflow_provider_activation.links.liveramp import LiveRampAuthorizeLink

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

    def execute_complete(
        self, context: Context, event: Mapping[str, JSON] | None = None, since: float | None = None
    ) -> JSON:
        """Go on where the triggerer left off, or where a person answered the required action."""
        if event is None or "chosen_options" not in event:
            return super().execute_complete(context, event, since)
        from airflow_provider_activation.api import liveramp as api
        from airflow_provider_activation.errors import Declined, WaitTimeout
        from airflow_provider_activation.waits.probe import Pending, conclude, ended

        submitted = self.submitted(context)
        probe = self.probe(submitted["made"])
        if NOBODY_AUTHORIZES in event["chosen_options"]:
            raise Declined(f"{probe.subject}: a person answered: {NOBODY_AUTHORIZES}.", service=api.SERVICE)
        outcome = self.hook.run(probe.look())
        if not isinstance(outcome, Pending):
            result = conclude(probe, outcome)
            self.log.info(self.gate.message(ended(probe, result, since)))
            return self.finish(context, result)
        self.log.warning(
            "%s is %s at LiveRamp; the wait goes on.", probe.subject, self.gate.message(outcome.status)
        )
        self.authorization_url = self._page(submitted["made"])
        if self.authorization_url is not None:
            self._require_action(context, self.authorization_url)
        try:
            return self.finish(context, self.wait_until(submitted["deadline"], probe))
        except WaitTimeout:
            self.give_up(submitted["made"])
            raise

    def _page(self, made: JSON) -> str | None:
        """The page on which a person consents, if Airflow may show it."""
        from airflow_provider_activation.actions.base import once_found
        from airflow_provider_activation.api import liveramp as api

        attempt = self.hook.run(once_found(lambda: api.get_oauth_connection_attempt(made)))
        return self.gate.link(attempt.authorization_url)

    def _require_action(self, context: Context, url: str) -> None:
        """Have Airflow list the task under "Required Actions"."""
        from airflow_provider_activation import airflow_compat

        subject = f"Authorise LiveRamp at destination {self.destination_id}"
        body = (
            f"Open [the page of the destination]({url}) and authorise LiveRamp there. "
            "The task sees by itself that it is done; an answer here only makes it look sooner."
        )
        # the second has an effect only where an answer resumes the task
        options = [AUTHORIZED, NOBODY_AUTHORIZES] if airflow_compat.answers_resume() else [AUTHORIZED]
        airflow_compat.require_action(context["ti"], subject=subject, body=body, options=options)
