"""Every error this package raises, in one tree.

The texts are for the person who reads the task log at night. The first line is short: what was tried, on
which service, and what came of it. The next lines say what was sent, what came back, what was looked for and
what to do, each only where there is something to say. The code that raises an error has removed the secrets
from its fields, and each line is made of fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_activation.wording import duration, enumerated, shortened

LONGEST_HEADLINE = 160
"""Characters of an error's first line."""


class ActivationError(Exception):
    """The base of all errors between a task and a service.

    :param message: what was tried and what came back, one or two sentences.
    :param service: the service's name as a person writes it, for example ``LiveRamp``.
    :param operation: the call, named like the hook's method, for example ``create_flow``.
    :param status: the HTTP status of the answer, where there was one.
    :param body: the first part of the answer's body, without secrets.
    :param advice: what to do, where the cause is known; otherwise what the class says.
    :param request: the method and the path of the request, without secrets.
    :param sent: what a person recognises the sent resource by, name to value.
    """

    advice: str = ""
    retry_helps: bool = True
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
        request: str | None = None,
        sent: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.service, self.operation = message, service, operation
        self.status, self.body = status, body
        self.request, self.sent = request, dict(sent or {})
        if advice is not None:
            self.advice = advice

    def as_json(self) -> dict[str, Any]:
        """This error as plain JSON; see `from_json`."""
        names = ("message", *_CONTEXT, *self.own_fields)
        own = {"kind": type(self).__name__, "advice": vars(self).get("advice")}
        return own | {name: getattr(self, name) for name in names}

    @staticmethod
    def from_json(fields: Mapping[str, Any]) -> ActivationError:
        """The error `as_json` was called on; one whose class is not known is an `ActivationError`."""
        kind = globals().get(str(fields["kind"]))
        if not (isinstance(kind, type) and issubclass(kind, ActivationError)):
            kind = ActivationError
        names = (*_CONTEXT, "advice", *kind.own_fields)
        return kind(str(fields["message"]), **{name: fields.get(name) for name in names})

    @property
    def headline(self) -> str:
        """The first line, also for where an error is quoted inside another line."""
        return shortened(self._first_line, LONGEST_HEADLINE)

    @property
    def _first_line(self) -> str:
        where = " ".join(part for part in (self.service, self.operation) if part)
        return f"{where}: {self.message}" if where else self.message

    def __str__(self) -> str:
        lines = {
            "In full": self.message if len(self._first_line) > LONGEST_HEADLINE else "",
            "Sent": self._what_was_sent,
            "The service said": self.body,
            **self.own_lines(),
            "What to do": self.advice,
        }
        return "\n".join([self.headline, *(f"{name}: {line}" for name, line in lines.items() if line)])

    def own_lines(self) -> dict[str, str]:
        """The lines that the class adds; an empty one is left out."""
        return {}

    @property
    def _what_was_sent(self) -> str:
        request = self.request if self.request and self.request not in self.headline else None
        fields = ", ".join(f"{name} {value}" for name, value in self.sent.items())
        return "; ".join(part for part in (request, fields) if part)


_CONTEXT = ("service", "operation", "status", "body", "request", "sent")
"""Arguments of every error besides its message and its advice."""


class InvalidConnection(ActivationError):
    """The Airflow connection lacks a field, or holds a value that cannot be used."""

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


class UnfitAudience(ActivationError):
    """The data of an audience cannot be used: rows, a list or a file. Nothing was written."""

    retry_helps = False
    advice = "Correct the source, or what the task says of it; then clear the task."


SUPPRESS = (
    "Nothing was sent. Prepare the audience in this run with a PrepareAudienceOperator whose suppress= names "
    "a list that has rows, and give its output to the task that sends."
)
"""What to do where a connection requires suppression."""


class AudienceNotWritten(ActivationError):
    """The file of an audience could not be written. No part of it was left."""

    advice = "Check the folder, its permissions and the room on the disk."


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

    def own_lines(self) -> dict[str, str]:
        pause = self.retry_after
        return {"Asked to wait": "" if pause is None else duration(pause)}


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
    """What the service has made is not what was asked for. Another try would make another wrong one."""

    retry_helps = False


class PartialFailure(ActivationError):
    """Some items of one call succeeded and others did not (207).

    :param failed: for each failed item its id and why.
    :param result: what the call did achieve, as plain JSON.
    :param retry_helps: False if another try would find the same reasons.
    """

    advice = "Another try looks again, and does what is left."
    own_fields = ("failed", "result", "retry_helps")

    def __init__(
        self,
        message: str,
        *,
        failed: dict[str, str] | None = None,
        result: Any = None,
        retry_helps: bool | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.failed = failed or {}
        self.result = result
        self.retry_helps = retry_helps is not False
        if not self.retry_helps and context.get("advice") is None:
            self.advice = "Correct the items that failed; a retry will not help."

    def own_lines(self) -> dict[str, str]:
        failed = (f"{item}: {why}" for item, why in self.failed.items())
        return {"Failed": enumerated(failed, separator="; ")}


class UnreadableResponse(ActivationError):
    """The answer is not what the service documents: not JSON, no id, a wrong type, a redirect."""

    advice = "Check that the connection's host is the service itself and not a proxy's page."


class UncertainOutcome(ActivationError):
    """A call that must not be made twice may or may not have taken effect.

    :param candidates: what the service holds that may be the result, for a person to look at.
    :param why: what came of the call, in words.
    :param looked_for: what shows that a resource is the task's own, in words.
    :param looks: how often it was looked for.
    :param looked_seconds: for how long.
    """

    advice = (
        "It was not sent again, so that nothing is made twice. Look at the service: if it is not there, "
        "clear the task to send it again."
    )
    own_fields = ("candidates", "why", "looked_for", "looks", "looked_seconds")

    def __init__(
        self,
        message: str,
        *,
        candidates: list[str] | None = None,
        why: str | None = None,
        looked_for: str | None = None,
        looks: int | None = None,
        looked_seconds: float | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.candidates = candidates or []
        self.why, self.looked_for = why, looked_for
        self.looks, self.looked_seconds = looks, looked_seconds

    @property
    def acknowledged(self) -> bool:
        """Whether the service took the call and did not say what came of it; a web page says nothing."""
        is_page = (self.body or "").lstrip().startswith("<")
        return self.status is not None and 200 <= self.status < 300 and not is_page

    def own_lines(self) -> dict[str, str]:
        looked = self.looked_for or ""
        if looked and self.looks:
            took = duration(self.looked_seconds or 0.0)
            looked += " (once)" if self.looks == 1 else f" ({self.looks} times in {took})"
        found = enumerated(self.candidates, separator="; ")
        return {
            "What happened": self.why if self.why and self.why not in self.message else "",
            "Looked for": looked,
            "Found": found or ("nothing that may be it" if self.looks else ""),
        }


class JobFailed(ActivationError):
    """What was waited for has failed."""

    advice = "Look there for the reason; what has failed does not get well by itself."


class Declined(JobFailed):
    """A person was asked and said no."""

    advice = "Clear the task to ask again."
    retry_helps = False


class EarlierTaskFailed(ActivationError):
    """A task before this one has failed. This one has done its work; its success would hide that."""

    retry_helps = False
    advice = "Look at the log of the task that failed. When it is cleared, Airflow runs this one again too."


class NeedsAction(ActivationError):
    """The wait cannot end before a person or another system acts."""


class WaitTimeout(ActivationError):
    """The timeout of the wait has passed. What was waited for continues at the service."""

    advice = "It may still be running there: look at it, and give the task a longer timeout if it takes long."
