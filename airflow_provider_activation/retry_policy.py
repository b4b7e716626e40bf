"""When another try of a task is worth it (Airflow 3.3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_activation.errors import ActivationError, RateLimited

try:
    from airflow.sdk import RetryDecision, RetryPolicy
except ImportError:
    raise AirflowOptionalProviderFeatureException("Retry policies need Airflow 3.3 or later.") from None

if TYPE_CHECKING:
    from airflow.sdk import Context


class ActivationRetryPolicy(RetryPolicy):
    """The retry policy of every task of this package that was given none.

    An error that another try cannot cure fails the task at once, whatever ``retries`` says: wrong
    credentials, a refused argument, a resource that does not exist. A rate limit waits as long as the service
    asks. All other errors are retried as the task is configured. Before Airflow 3.3 an error of the first
    kind raises ``AirflowFailException``.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide about one failure; see `airflow_provider_activation.errors`."""
        if not isinstance(exception, ActivationError):
            return RetryDecision.default()
        if not exception.retry_helps:
            return RetryDecision.fail(f"{type(exception).__name__}: another try would end the same way")
        if isinstance(exception, RateLimited) and exception.retry_after is not None:
            delay = timedelta(seconds=exception.retry_after)
            return RetryDecision.retry(delay, "the service asks to wait this long")
        return RetryDecision.default()
