"""What is looked for may be a row that cannot be read: then nothing is made before a person has looked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_activation.actions.acoustic_exchange import SegmentExport, SegmentRefresh
from airflow_provider_activation.actions.base import Action, Doubt, submit
from airflow_provider_activation.actions.dataddo import AuthorizedService, Flow, Source
from airflow_provider_activation.actions.delta_projects import Activity
from airflow_provider_activation.actions.items import submit_items
from airflow_provider_activation.actions.liveramp import (
    Distribution,
    DistributionManager,
    IntegrationConnection,
)
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Page
from airflow_provider_activation.api.rows import read_rows
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import Conflict, UncertainOutcome, UnreadableResponse

KEY = "0a1b2c3d4e5f"
EXPORT = acoustic_exchange.SegmentExport(
    endpoint_id=1,
    segment_id=2,
    destination_endpoint_id=3,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
ACTIVITY = delta_projects.ActivityFromTemplate(
    template_id="t",
    activity_name="Win-back",
    flight_start=datetime(2027, 1, 1, tzinfo=UTC),
    flight_stop=datetime(2027, 1, 2, tzinfo=UTC),
    order_id="o",
    budget=1,
)
ACCOUNT = delta_projects.Account(media_agency_id="m", client_id="c")


@dataclass
class Service:
    """Answers each list with these rows, and counts what is made."""

    rows: list[Any]
    made: list[str] = field(default_factory=list)

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            return None
        kinds: dict[str, Any] = {
            "list_jobs": acoustic_exchange.Job,
            "list_services": dataddo.AuthorizedService,
            "list_sources": dataddo.Source,
            "list_flows_by_source": dataddo.Flow,
            "list_activities": delta_projects.Activity,
            "list_distribution_managers": liveramp.DistributionManager,
            "list_integration_connections": liveramp.IntegrationConnection,
            "list_segment_configs": liveramp.SegmentConfig,
        }
        if step.operation not in kinds:
            self.made.append(step.operation)
            raise UncertainOutcome("the answer was lost")
        rows = read_rows(kinds[step.operation], self.rows)
        is_paged = step.service == "LiveRamp"
        return Page(tuple(rows), None, tuple(rows.unreadable)) if is_paged else rows

    def later_try(self, action: Action) -> Any:
        """What a try does that does not know what became of the one before."""
        memory = Memory(None, generation=1, first_try=False)
        return drive(submit(action, memory), self.perform)


MARKED: list[tuple[Action, str]] = [
    (SegmentExport(export=EXPORT, key=KEY), "jobId"),
    (Activity(account=ACCOUNT, activity=ACTIVITY, key=KEY, enabled=False), "id"),
    (Source(label="a", key=KEY, connector_id="c", parameters={}, service_id="1"), "id"),
    (Flow(label="a", key=KEY, app="b", source_ids=("s",)), "id"),
    (
        DistributionManager(name="a", integration_connection_id="7", status=None, expire_at=None, key=KEY),
        "id",
    ),
]
marked = pytest.mark.parametrize(("action", "id_field"), MARKED, ids=lambda value: type(value).__name__)


@marked
def test_a_row_that_holds_the_key_may_be_ours(action: Action, id_field: str) -> None:
    service = Service([{id_field: {}, "text": f"Win-back [AF:{KEY.upper()}]"}])
    with pytest.raises(UncertainOutcome, match="may be it or not") as caught:
        service.later_try(action)
    assert service.made == []
    (candidate,) = caught.value.candidates
    assert "a row that cannot be read" in candidate
    assert KEY.upper() not in candidate


@marked
def test_a_row_that_shows_no_key_at_all_may_be_ours(action: Action, id_field: str) -> None:
    service = Service([None, {id_field: {}, "text": None}])
    with pytest.raises(UncertainOutcome, match="may be it or not"):
        service.later_try(action)
    assert service.made == []


@marked
def test_a_row_with_the_key_of_another_task_is_nobody_s_concern(action: Action, id_field: str) -> None:
    service = Service([{id_field: {}, "text": "[af:111111111111]"}])
    action_without_doubt = type(action).proves_absence
    with pytest.raises(UncertainOutcome, match="answer was lost" if action_without_doubt else "cannot show"):
        service.later_try(action)
    assert len(service.made) == action_without_doubt


SERVICE = AuthorizedService(if_exists="reuse", service="snapchat_static", secrets={}, label="a", key=KEY)
NAMED: list[tuple[Action, str]] = [
    (SERVICE, SERVICE.credentials_key),
    (
        Source(if_exists="reuse", label="Snap", key=KEY, connector_id="c", parameters={}, service_id="1"),
        "Snap",
    ),
    (
        IntegrationConnection(
            if_exists="reuse",
            destination_id="1001",
            integration_id="2001",
            properties={},
            device_types=("PII",),
            oauth_connection_id=None,
            distribution_manager_name=None,
            key=KEY,
        ),
        "2001",
    ),
]


@pytest.mark.parametrize(("action", "name"), NAMED, ids=lambda value: type(value).__name__)
def test_what_is_to_be_reused_may_be_a_row_that_cannot_be_read(action: Action, name: str) -> None:
    memory = Memory(None, generation=1, first_try=True)
    service = Service([{"id": [], "name": name}])
    with pytest.raises(Conflict, match="a row that cannot be read"):
        drive(submit(action, memory), service.perform)
    service.rows = [{"id": [], "name": "another"}]
    with pytest.raises(UncertainOutcome, match="answer was lost"):
        drive(submit(action, memory), service.perform)


KEYLESS: list[tuple[Action, str]] = [
    (SegmentRefresh(), "jobId"),
    (Activity(account=ACCOUNT, activity=ACTIVITY, key=None, enabled=False), "id"),
    (AuthorizedService(service="snapchat_static", secrets={}, label="a", key=KEY), "id"),
]


@pytest.mark.parametrize(("action", "id_field"), KEYLESS, ids=lambda value: type(value).__name__)
def test_without_a_key_what_the_snapshot_holds_is_not_ours(action: Action, id_field: str) -> None:
    old, new = {id_field: {"a": 1}}, {id_field: {"a": 2}}
    service = Service([old])
    before = drive(action.before(), service.perform)
    assert drive(action.find(Doubt(before)), service.perform) == []
    service.rows = [old, new]
    (candidate,) = drive(action.find(Doubt(before)), service.perform)
    assert not candidate.certain


def test_a_segment_whose_row_cannot_be_read_is_not_put_into_distribution_again() -> None:
    action = Distribution(
        distribution_manager_id="7", segments=["5001"], segment_type="ONBOARDING", wait=False
    )
    memory = Memory(None, generation=1, first_try=True)
    service = Service([{"id": [], "segmentID": 5001}])
    with pytest.raises(UnreadableResponse, match="may be of segment 5001"):
        drive(submit_items(action, memory), service.perform)
    assert service.made == []
    service.rows = [{"id": [], "segmentID": 5002}]
    drive(submit_items(action, memory), service.perform)
    assert service.made == ["add_segment_configs"]
