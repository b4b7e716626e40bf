"""Links to LiveRamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol


class LiveRampAuthorizeLink(BaseOperatorLink):
    """The page on which a person consents. The operator pushes it before the wait begins."""

    name = "Authorize"
    xcom_key = "_link_LiveRampAuthorizeLink"

    @staticmethod
    def is_safe(url: str) -> bool:
        """Whether a page of Airflow may link to this address."""
        try:
            return urlsplit(url).scheme in ("http", "https")
        except ValueError:
            return False

    def persist(self, task_instance: RuntimeTaskInstanceProtocol, url: str) -> None:
        """Have Airflow show the link now."""
        if self.is_safe(url):
            task_instance.xcom_push(key=self.xcom_key, value=url)

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address that the operator holds; Airflow reads it when a run of the task ends."""
        url = getattr(operator, "authorization_url", None) or ""
        return url if self.is_safe(url) else ""
