"""The operations that extractions and writes share."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager

from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.dataddo.account import AccountOperations
from airflow_provider_activation.sandbox.dataddo.action import Action
from airflow_provider_activation.sandbox.dataddo.schedule import written_schedule


class ActionOperations(AccountOperations):
    """Operations on the actions of sources or flows."""

    @abstractmethod
    def _action(self, owner_id: str) -> Action:
        """The action of the source or flow in a path."""

    @abstractmethod
    def _changing(self, owner_id: str) -> AbstractContextManager[None]:
        """Change the source or flow in a path."""

    def get_status(self, request: Request, owner_id: str) -> Response:
        """The status of the last run."""
        request.need_no_query()
        return Response.json(self._action(owner_id).runs.status(self._account.now()))

    def get_log(self, request: Request, owner_id: str) -> Response:
        """The last log entries, newest first. Their fields are undocumented."""
        request.need_no_query()
        return Response.json(self._action(owner_id).runs.log(self._account.now()))

    def get_schedule(self, request: Request, owner_id: str) -> Response:
        """The schedule."""
        request.need_no_query()
        return Response.json(self._action(owner_id).schedule)

    def update_schedule(self, request: Request, owner_id: str) -> Response:
        """Replace the schedule. Requests spell two of its names differently."""
        request.need_no_query()
        action = self._action(owner_id)
        with self._changing(owner_id):
            action.schedule = written_schedule(request.json())
        return Response.json(action.schedule)
