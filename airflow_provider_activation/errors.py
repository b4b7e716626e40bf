"""Every error this package raises, in one tree.

The texts are for the person who reads the task log at night: what was tried, on which service, what came
back, what to do. The code that raises an error has removed the secrets from its texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ActivationError(Exception):
    """The base of all errors between a task and a service.

    :param message: what was tried and what came back, one or two sentences.
    :param service: the service's name as a person writes it, for example ``LiveRamp``.
    :param operation: the call, named like the hook's method, for example ``create_flow``.
    :param status: the HTTP status of the answer, where there was one.
    :param body: the first part of the answer's body, without secrets.
    :param advice: what to do, where the cause is known; otherwise what the class says.
    """

    advice: str = ""
    retry_helps: ClassVar[bool] = True
    """Whether another try of the task can succeed although nothing was changed."""
    own_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the arguments that the class adds."""

    def __init__(
        self,
        message: str,
        *,
        service: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        body: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.service, self.operation = message, service, operation
        self.status, self.body = status, body
        if advice is not None:
            self.advice = advice

    def as_json(self) -> dict[str, Any]:
        """This error as plain JSON; see `from_json`."""
        names = ("message", "service", "operation", "status", "body", *self.own_fields)
        own = {"kind": type(self).__name__, "advice": vars(self).get("advice")}
        return own | {name: getattr(self, name) for name in names}

    @staticmethod
    def from_json(fields: Mapping[str, Any]) -> ActivationError:
        """The error `as_json` was called on; one whose class is not known is an `ActivationError`."""
        kind = globals().get(str(fields["kind"]))
        if not (isinstance(kind, type) and issubclass(kind, ActivationError)):
            kind = ActivationError
        names = ("service", "operation", "status", "body", "advice", *kind.own_fields)
        return kind(str(fields["message"]), **{name: fields.get(name) for name in names})

    def __str__(self) -> str:
        where = " ".join(part for part in (self.service, self.operation) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.body:
            text += f" The service said: {self.body}"
        return f"{text} {self.advice}" if self.advice else text


class InvalidConnection(ActivationError):
    """The Airflow connection lacks something or holds something that cannot be used."""

    retry_helps = False
    advice = "Nothing was sent. Correct the Airflow connection."


class AuthenticationFailed(ActivationError):
    """The service does not know these credentials (401)."""

    retry_helps = False
    advice = "Check login and password of the Airflow connection; a retry will not help."


class PermissionDenied(ActivationError):
    """The service knows the credentials and refuses the call (403)."""

    retry_helps = False
    advice = "Ask the service's administrator for the permission; a retry will not help."


class NotFound(ActivationError):
    """The service does not know the resource (404, 410)."""

    retry_helps = False
    advice = "Check the ids given to the task; the resource may have been deleted."


class InvalidRequest(ActivationError):
    """The call itself is wrong: refused before it was sent, or by the service (400, 422)."""

    retry_helps = False
    advice = "Correct the task's arguments; a retry will not help."


class InvalidArgument(InvalidRequest, ValueError):
    """An argument of an operator, sensor or trigger cannot be used. Nothing was sent."""


class Conflict(ActivationError):
    """The call contradicts what the service already holds (409)."""


class RateLimited(ActivationError):
    """The service asks for fewer calls (429) and for a longer pause than a call may make.

    :param retry_after: seconds the service asks to wait, where it says so.
    """

    advice = "The call was not carried out; run the task again later."
    own_fields = ("retry_after",)

    def __init__(self, message: str, *, retry_after: float | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after = retry_after


class ServiceUnavailable(ActivationError):
    """The service could not be reached or answers with a server error, also after retries."""

    advice = "Run the task again when the service is well."


class NotSupported(ActivationError):
    """The service, or the endpoint behind it, does not support the call (501)."""

    retry_helps = False
    advice = "A retry will not help."


class AlternateActionRequired(ActivationError):
    """The endpoint cannot do this and names what it can do instead (308, never followed).

    :param share_action: the action the answer names, for example ``REPLACE``.
    """

    retry_helps = False
    advice = "Use the action it names instead."
    own_fields = ("share_action",)

    def __init__(self, message: str, *, share_action: str | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.share_action = share_action


class Refused(ActivationError):
    """The service did not do it: it answered ``false``, or accepted a call and shows something else."""


class NotAsAsked(Refused):
    """What the service has made is not what was asked for. Another try would make another such."""

    retry_helps = False


class PartialFailure(ActivationError):
    """Some items of one call succeeded and others did not (207).

    :param failed: for each failed item its id and why.
    :param result: what the call did achieve, as plain JSON.
    """

    own_fields = ("failed", "result")

    def __init__(
        self, message: str, *, failed: dict[str, str] | None = None, result: Any = None, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.failed = failed or {}
        self.result = result


class UnreadableResponse(ActivationError):
    """The answer is not what the service documents: not JSON, no id, a wrong type, a redirect."""

    advice = "Check that the connection's host is the service itself and not a proxy's page."


class UncertainOutcome(ActivationError):
    """A call that must not be made twice may or may not have taken effect.

    :param candidates: what the service holds that may be the result, for a person to look at.
    """

    advice = (
        "It was not sent again, so that nothing is made twice. Look at the service: if it is not there, "
        "clear the task to send it again."
    )
    own_fields = ("candidates",)

    def __init__(self, message: str, *, candidates: list[str] | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.candidates = candidates or []

    @property
    def acknowledged(self) -> bool:
        """Whether the service took the call and did not say what came of it; a web page says nothing."""
        is_page = (self.body or "").lstrip().startswith("<")
        return self.status is not None and 200 <= self.status < 300 and not is_page

    def __str__(self) -> str:
        found = f" Candidates: {'; '.join(self.candidates)}." if self.candidates else ""
        return super().__str__() + found


class JobFailed(ActivationError):
    """What was waited for has failed."""


class Declined(JobFailed):
    """A person was asked and said no."""

    retry_helps = False


class NeedsAction(ActivationError):
    """The wait cannot end before a person or another system acts."""


class WaitTimeout(ActivationError):
    """The timeout of the wait has passed. What was waited for continues at the service."""

    advice = "What was waited for may still be running there."
