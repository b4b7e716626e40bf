"""Typed errors for requests that were refused, failed or cannot be read."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Answer, Call, Safety
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.redaction import Redactor, printable, without_contacts
from airflow_provider_activation.transport.attempt import NotAnswered
from airflow_provider_activation.transport.body import QUOTABLE, UnfitBody
from airflow_provider_activation.transport.causes import Cause, Destination, cause_of_answer
from airflow_provider_activation.transport.quoting import in_place_of_a_file, without_people
from airflow_provider_activation.transport.settings import ConnectionSettings

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds. A service that asks for more is asked again after a day."""
QUOTED_BODY = 1000
"""Characters of a response's body in an error."""

_ERRORS: Mapping[int, type[ActivationError]] = {
    400: errors.InvalidRequest,
    401: errors.AuthenticationFailed,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.NotFound,
    422: errors.InvalidRequest,
    501: errors.NotSupported,
}


class Refusals:
    """Makes the errors of one connection, all texts without secrets and without addresses of people.

    :param settings: say where requests go, and which connection it is.
    """

    def __init__(self, redact: Redactor, settings: ConnectionSettings) -> None:
        self._redact: Callable[[str], str] = lambda text: printable(without_contacts(redact(text)))
        self._settings = settings

    def of_status(self, call: Call[Any], answer: Answer) -> ActivationError:
        """The error for a response that is no success."""
        status = answer.status
        way, is_log_in = Destination(self._settings, call.url), call is self._settings.log_in
        cause = cause_of_answer(answer, call, way, is_log_in=is_log_in)
        why = f": {cause.what}" if cause and cause.what else ""
        said = f"{self._request_of(call)} answered {status}{why}."
        context = self._context(call, answer, cause)
        if cause and cause.of_connection:
            return errors.InvalidConnection(said, **context)
        if status == 429:
            return errors.RateLimited(said, retry_after=retry_after(answer), **context)
        if status == 308:
            return errors.AlternateActionRequired(said, share_action=_share_action(answer), **context)
        if status < 400:
            return self.of_doubt(
                call,
                f"it answered {status}, and redirects are not followed",
                answer,
                errors.UnreadableResponse,
                cause,
            )
        if kind := _ERRORS.get(status):
            return kind(said, **context)
        if status == 425:
            # too early: nothing was done, and the same call may succeed later
            return errors.ServiceUnavailable(said, **context)
        if status >= 500 or status == 408:
            kind = errors.ServiceUnavailable if status >= 500 else errors.UnreadableResponse
            return self.of_doubt(call, f"it answered {status}", answer, kind)
        return errors.InvalidRequest(said, **context)

    def of_attempt(self, call: Call[Any], failed: NotAnswered, attempts: int) -> ActivationError:
        """The error for a request that got no complete response."""
        what, cause = self._redact(failed.what).rstrip("."), failed.cause
        if cause and cause.of_connection:
            said = f"{self._request_of(call)} failed: {what}."
            return errors.InvalidConnection(said, **self._context(call, None, cause))
        tries = f"{attempts} {'try' if attempts == 1 else 'tries'}"
        if not failed.sent:
            host = Destination(self._settings, call.url).host
            said = f"{self._request_of(call)} could not be sent to {host} ({what}; {tries})."
            return errors.ServiceUnavailable(said, **self._context(call, None, cause))
        return self.of_doubt(call, f"{what} after {tries}", cause=cause)

    def of_body(self, call: Call[Any], unfit: UnfitBody) -> ActivationError:
        """The error for a response whose body was not read to its end."""
        what, answer = f"the answer cannot be read: {unfit}", Answer(unfit.status, {}, b"")
        return self.of_doubt(call, what, answer, errors.UnreadableResponse)

    def of_limit(self, call: Call[Any], seconds: float) -> ActivationError:
        """The error for a call that was not sent, since the service asked the connection to wait so long."""
        said = f"{self._request_of(call)} was not sent: the service asked to wait {seconds:.0f} s more."
        return errors.RateLimited(said, retry_after=seconds, **self._context(call))

    def of_doubt(
        self,
        call: Call[Any],
        what: str,
        answer: Answer | None = None,
        kind: type[ActivationError] = errors.ServiceUnavailable,
        cause: Cause | None = None,
    ) -> ActivationError:
        """The error for a call that may have taken effect: uncertain only if a second one is damage.

        :param kind: the error where it is not.
        """
        what = what.rstrip(".")
        if call.safety is Safety.ONCE:
            said = f"{self._request_of(call)} may or may not have taken effect: {what}."
            return errors.UncertainOutcome(said, why=what, **self._context(call, answer))
        return kind(f"{self._request_of(call)}: {what}.", **self._context(call, answer, cause))

    def of_reading(
        self, call: Call[Any], error: ActivationError, answer: Answer, *, quoted: bool
    ) -> ActivationError:
        """The error that reading a response raised, completed and redacted.

        :param quoted: whether the body may be quoted.
        """
        error.service, error.operation, error.status = call.service, call.operation, answer.status
        error.body = self._quote(error.body or answer.text, call) if quoted else None
        error.message, error.request = self._redact(error.message), self._request_of(call)
        error.args = (error.message,)
        if call.safety is Safety.ONCE and isinstance(error, errors.UnreadableResponse):
            return self.of_doubt(call, error.message, answer)
        return error

    def _quote(self, text: str, call: Call[Any]) -> str | None:
        if call.file is not None and text:
            text = without_people(text[: 4 * QUOTED_BODY], call.file)
        elif call.into is not None:
            text = in_place_of_a_file(text)
        # redacted before it is cut, so that no half of a secret is left at the end
        return " ".join(self._redact(text[:QUOTABLE])[: 4 * QUOTED_BODY].split())[:QUOTED_BODY] or None

    def _request_of(self, call: Call[Any]) -> str:
        """The method and the path of a request, for messages."""
        return f"{call.method} {self._redact(call.path)}"

    def _context(
        self, call: Call[Any], answer: Answer | None = None, cause: Cause | None = None
    ) -> dict[str, Any]:
        return {
            "service": call.service,
            "operation": call.operation,
            "status": answer.status if answer is not None else None,
            "body": self._quote(answer.text, call) if answer is not None else None,
            "advice": self._redact(cause.advice) if cause and cause.advice else None,
            "request": self._request_of(call),
        }


def retry_after(answer: Answer) -> float | None:
    """Seconds the service asks to wait: it may give a number or a date."""
    value = (answer.headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit():
        return min(LONGEST_RETRY_AFTER, float(value))
    try:
        seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(LONGEST_RETRY_AFTER, max(0.0, seconds))


def _share_action(answer: Answer) -> str | None:
    try:
        return str(answer.json()["shareAction"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
