"""Services that tidy texts: the key alone shows what a task has made."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_activation.actions.acoustic_exchange import SegmentExport, Segments
from airflow_provider_activation.actions.base import Action, Doubt, submit
from airflow_provider_activation.actions.dataddo import Flow, Source
from airflow_provider_activation.actions.delta_projects import Activity
from airflow_provider_activation.actions.identity import marked
from airflow_provider_activation.actions.liveramp import DistributionManager, OAuthConnectionAttempt
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Page
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import Conflict, NotFound, UncertainOutcome

KEY, OTHER = "0a1b2c3d4e5f", "ffffffffffff"
TEXT = "Win-back  <é> "
TIDIED: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "upper case": str.upper,
    "trimmed and folded": lambda text: " ".join(text.split()),
    "with a suffix": lambda text: f"{text} (copy)",
    "escaped": html.escape,
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "cut at the front": lambda text: text[-20:],
}
EXPORT = acoustic_exchange.SegmentExport(
    endpoint_id=1,
    segment_id=2,
    destination_endpoint_id=3,
    destination_segment_description=TEXT,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
ACTIVITY = delta_projects.ActivityFromTemplate(
    template_id="t",
    activity_name=TEXT,
    flight_start=datetime(2027, 1, 1, tzinfo=UTC),
    flight_stop=datetime(2027, 1, 2, tzinfo=UTC),
    order_id="o",
    budget=1,
)
ACCOUNT = delta_projects.Account(media_agency_id="m", client_id="c")
MARKED: list[tuple[Action, Callable[[str], Any]]] = [
    (
        SegmentExport(export=EXPORT, key=KEY),
        lambda text: acoustic_exchange.Job.model_validate(
            {
                **{"jobId": 41, "status": "RUNNING", "destinationSegmentDescription": text},
                **{"producerEndpointID": 1, "producerSegmentID": 2, "destinationEndpointID": 3},
            }
        ),
    ),
    (
        Activity(account=ACCOUNT, activity=ACTIVITY, key=KEY, enabled=False),
        lambda text: delta_projects.Activity.model_validate({"id": 41, "name": text}),
    ),
    (
        Source(label=TEXT, key=KEY, connector_id="c", parameters={}, service_id="1"),
        lambda text: dataddo.Source.model_validate({"id": 41, "label": text}),
    ),
    (
        Flow(label=TEXT, key=KEY, app="b", source_ids=("s",)),
        lambda text: dataddo.Flow.model_validate(
            {"id": 41, "label": text, "source": [{"source_id": "s"}], "api": {"app": "b"}}
        ),
    ),
    (
        DistributionManager(name=TEXT, integration_connection_id="7", status=None, expire_at=None, key=KEY),
        lambda text: liveramp.DistributionManager.model_validate(
            {"id": 41, "name": text, "integrationConnectionID": "7"}
        ),
    ),
]
marked_resources = pytest.mark.parametrize(
    ("action", "shown"), MARKED, ids=[type(action).__name__ for action, _ in MARKED]
)


def later_try(action: Action, rows: list[Any], made: list[str]) -> Any:
    """What a try does that does not know what became of the one before."""

    def perform(step: Any) -> Any:
        if isinstance(step, Pause):
            return None
        if step.operation.startswith("list_"):
            return Page(tuple(rows)) if step.service == "LiveRamp" else rows
        if step.operation == "get_activity":
            return rows[0]
        if step.operation == "get_source_metadata":
            return {"oAuthId": 1}
        made.append(step.operation)
        raise UncertainOutcome("the answer was lost")

    return drive(submit(action, Memory(None, generation=1, first_try=False)), perform)


@marked_resources
@pytest.mark.parametrize("tidied", TIDIED)
def test_what_carries_the_key_is_taken_whatever_became_of_the_text(
    action: Action, shown: Callable[[str], Any], tidied: str
) -> None:
    made: list[str] = []
    rows = [shown(marked(TEXT, OTHER)), shown(TIDIED[tidied](marked(TEXT, KEY)))]
    rows[0] = rows[0].model_copy(update={"id": "40", "job_id": 40})
    assert str(later_try(action, rows, made)) == "41"
    assert made == []


@marked_resources
def test_what_carries_the_key_of_another_task_is_not_taken(
    action: Action, shown: Callable[[str], Any]
) -> None:
    made: list[str] = []
    with pytest.raises(UncertainOutcome):
        later_try(action, [shown(marked(TEXT, OTHER))], made)
    # a list of jobs does not prove that there is none
    assert len(made) == type(action).proves_absence


@marked_resources
@pytest.mark.parametrize(("text", "may_be"), [(marked(TEXT, OTHER), False), (TEXT, True)])
def test_what_is_new_may_be_the_task_s_unless_it_carries_another_key(
    action: Action, shown: Callable[[str], Any], text: str, may_be: bool
) -> None:
    rows = [shown(text)]
    service = type(action).__module__.rpartition(".")[2]
    listed = Page(tuple(rows)) if service == "liveramp" else rows
    found = drive(action.find(Doubt([])), lambda step: listed)
    assert [candidate.certain for candidate in found] == [False] * may_be


@marked_resources
@pytest.mark.parametrize("length", [8, 20, 24])
def test_a_text_whose_key_is_cut_off_is_for_a_person_to_look_at(
    action: Action, shown: Callable[[str], Any], length: int
) -> None:
    made: list[str] = []
    with pytest.raises(UncertainOutcome, match="may be it or not"):
        later_try(action, [shown(marked(TEXT, KEY)[:length])], made)
    assert made == []


@marked_resources
def test_a_key_before_the_text_survives_a_cut(action: Action, shown: Callable[[str], Any]) -> None:
    made: list[str] = []
    marked_before = replace(action, mark="prefix")  # type: ignore[call-arg]
    assert str(later_try(marked_before, [shown(marked(TEXT, KEY, mark="prefix")[:20])], made)) == "41"
    assert made == []


@marked_resources
@pytest.mark.parametrize("text", ["win_back", f"Win...{KEY[-6:]}]", ""])
def test_without_a_snapshot_what_is_equal_but_for_its_text_is_for_a_person_to_look_at(
    action: Action, shown: Callable[[str], Any], text: str
) -> None:
    made: list[str] = []
    with pytest.raises(UncertainOutcome, match="may be it or not"):
        later_try(action, [shown(text)], made)
    assert made == []


def test_a_manager_of_another_name_is_no_candidate() -> None:
    made: list[str] = []
    action, shown = MARKED[-1]
    with pytest.raises(UncertainOutcome, match="answer was lost"):
        later_try(action, [shown("Spring sale")], made)
    assert made == ["create_distribution_manager"]


@pytest.mark.parametrize("shown", ["Snap chat", " Snap  chat\t"])
def test_a_label_that_is_reused_is_found_whatever_its_blanks(shown: str) -> None:
    source = Source(label="Snap  chat ", key=KEY, connector_id="c", parameters={}, service_id="1")
    rows = [dataddo.Source.model_validate({"id": "s-1", "label": shown})]
    assert later_try(replace(source, if_exists="reuse"), rows, []) == "s-1"


SEGMENTS = Segments(
    endpoint_id=1, segments=[acoustic_exchange.SegmentDefinition.model_validate({"id": 2, "name": TEXT})]
)


def added_later(shown: str) -> Any:
    """What a later try of a task makes of its segment, which it finds under that name."""
    segment = acoustic_exchange.Segment.model_validate({"id": 2, "name": shown})
    memory = Memory(None, generation=1, first_try=False)
    return drive(SEGMENTS.make(memory, "fail"), lambda step: None if isinstance(step, Pause) else segment)


@pytest.mark.parametrize("tidied", [*TIDIED.values(), lambda text: text[:8]])
def test_a_segment_whose_name_was_tidied_is_the_same(tidied: Callable[[str], str]) -> None:
    assert added_later(tidied(TEXT)).result == {"endpointId": 1, "added": [], "unchanged": ["2"]}


def test_a_segment_of_another_name_is_another() -> None:
    with pytest.raises(Conflict, match="another name"):
        added_later("Spring sale")


def test_an_activity_that_is_gone_when_it_is_looked_at_is_not_the_task_s() -> None:
    action = Activity(account=ACCOUNT, activity=ACTIVITY, key=KEY, enabled=False)
    gone = delta_projects.Activity.model_validate({"id": 40})

    def perform(step: Any) -> Any:
        if isinstance(step, Pause):
            return None
        if step.operation == "list_activities":
            return [gone]
        if step.operation == "get_activity":
            raise NotFound("deleted meanwhile")
        return "41"

    assert drive(submit(action, Memory(None, generation=1, first_try=False)), perform) == "41"


def test_an_oauth_connection_of_another_endpoint_is_not_taken() -> None:
    """Also where LiveRamp lists more than was asked for."""
    attempt = OAuthConnectionAttempt(
        destination_id="1", integration_id="2", oauth_connection_id=None, oauth_endpoint_id="3"
    )
    rows = [{"id": "8", "oAuthEndpointID": "4"}, {"id": "9", "oAuthEndpointID": "3"}]
    listed = Page(tuple(liveramp.OAuthConnection.model_validate(row) for row in rows))
    assert [one.id for one in drive(attempt.connections(), lambda step: listed)] == ["9"]
