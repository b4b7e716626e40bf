"""Typed errors for requests that were refused, failed or cannot be read."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any

import httpx

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.redaction import Redactor

LONGEST_RETRY_AFTER = 86_400.0
"""Seconds. A service that asks for more is asked again after a day."""
QUOTED_BODY = 1000
"""Characters of a response's body in an error."""

NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Raised before the first byte of a request could leave."""

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
    """Makes the errors of one connection, all texts redacted.

    :param host: where requests go, for messages.
    """

    def __init__(self, redact: Redactor, host: str) -> None:
        self._redact = redact
        self._host = host

    def of_status(self, call: Call[Any], response: httpx.Response) -> ActivationError:
        """The error for a response that is no success."""
        status = response.status_code
        said = f"{call.method} {call.template} answered {status}."
        context = self._context(call, response)
        if status == 429:
            return errors.RateLimited(said, retry_after=retry_after(response), **context)
        if status == 308:
            return errors.AlternateActionRequired(said, share_action=_share_action(response), **context)
        if response.is_redirect or status < 400:
            return self.of_doubt(call, f"it answered {status}, and redirects are not followed", response)
        if kind := _ERRORS.get(status):
            return kind(said, **context)
        if status >= 500 or status == 408:
            return self.of_doubt(call, f"it answered {status}", response)
        return errors.InvalidRequest(said, **context)

    def of_connection(self, call: Call[Any], error: httpx.TransportError, attempts: int) -> ActivationError:
        """The error for a request that got no response."""
        what = self._redact(f"{type(error).__name__}: {error}".rstrip(": "))
        if isinstance(error, NEVER_LEFT):
            said = (
                f"{call.method} {call.template} could not be sent to {self._host} ({what}; {attempts} tries)."
            )
            return errors.ServiceUnavailable(said, **self._context(call))
        return self.of_doubt(call, f"{what} after {attempts} tries")

    def of_doubt(self, call: Call[Any], what: str, response: httpx.Response | None = None) -> ActivationError:
        """The error for a call that may have taken effect: uncertain only if a second one is damage."""
        if call.safety is Safety.ONCE:
            said = f"{call.method} {call.template} may or may not have taken effect: {what}."
            return errors.UncertainOutcome(said, **self._context(call, response))
        unavailable = response is None or response.is_server_error
        kind = errors.ServiceUnavailable if unavailable else errors.UnreadableResponse
        return kind(f"{call.method} {call.template}: {what}.", **self._context(call, response))

    def of_reading(
        self, call: Call[Any], error: ActivationError, response: httpx.Response, *, quoted: bool
    ) -> ActivationError:
        """The error that reading a response raised, completed and redacted.

        :param quoted: whether the body may be quoted.
        """
        error.service, error.operation, error.status = call.service, call.operation, response.status_code
        error.body = self._quote(error.body or response.text) if quoted else None
        error.message = self._redact(error.message)
        error.args = (error.message,)
        if call.safety is Safety.ONCE and isinstance(error, errors.UnreadableResponse):
            return self.of_doubt(call, error.message, response)
        return error

    def _quote(self, text: str) -> str | None:
        # redacted before it is cut, so that no half of a secret is left at the end
        return " ".join(self._redact(text)[: 4 * QUOTED_BODY].split())[:QUOTED_BODY] or None

    def _context(self, call: Call[Any], response: httpx.Response | None = None) -> dict[str, Any]:
        return {
            "service": call.service,
            "operation": call.operation,
            "status": response.status_code if response is not None else None,
            "body": self._quote(response.text) if response is not None else None,
        }


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the service asks to wait: it may give a number or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(LONGEST_RETRY_AFTER, float(value))
    try:
        seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(LONGEST_RETRY_AFTER, max(0.0, seconds))


def _share_action(response: httpx.Response) -> str | None:
    try:
        return str(response.json()["shareAction"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
