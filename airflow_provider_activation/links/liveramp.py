"""Links to LiveRamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol


class LiveRampAuthorizeLink(BaseOperatorLink):
    """Where a person consents. Shown while the task waits, because the operator pushes it at once."""

    name = "Authorize"
    xcom_key = "_link_LiveRampAuthorizeLink"

    @staticmethod
    def is_safe(url: str) -> bool:
        """Whether a page of Airflow may link there."""
        return urlsplit(url).scheme in ("http", "https")

    def persist(self, task_instance: RuntimeTaskInstanceProtocol, url: str) -> None:
        """Have Airflow show the link now."""
        if self.is_safe(url):
            task_instance.xcom_push(key=self.xcom_key, value=url)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address the operator keeps; Airflow asks for it when a run of the task ends."""
        url = getattr(operator, "authorization_url", None) or ""
        return url if self.is_safe(url) else ""
