"""A run in Airflow's pages: triggered with its form, asked about, answered, and read about afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from airflow_pages import row, trigger, wait_for_results
from liveramp_distribution import liveramp_distribution

from airflow_provider_activation.links.liveramp import LiveRampAuthorizeLink
from airflow_provider_activation.operators.audience.check import DO_NOT_SEND, SEND
from airflow_provider_activation.operators.liveramp.authorization import AUTHORIZED
from scripts.machine_speed import scaled

if TYPE_CHECKING:
    from browser.conftest import Office
    from real_browser import Visitor

pytest.importorskip("playwright", reason="make test-browser installs it")

DAG = "liveramp_distribution"
ACCOUNT = "ads-account-of-the-form"
PERSON = "kanarek@example.com"
SOON = scaled(90.0)
"""Seconds in which a run ends, or asks."""


@dataclass
class Consented:
    """What a person saw who triggered the example and gave consent.

    :param form: what the form says that asks for the run's parameters.
    :param link: the address of the link on the task's Details tab.
    :param asked: the addresses in the question.
    :param run: the path of the run's page.
    """

    run_id: str
    run: str
    form: str
    link: str
    asked: list[str]


@pytest.fixture(scope="module")
def consented(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consented]:
    visitor = office.visitor
    with visitor.pictured(tmp_path_factory.mktemp("consented")):
        run_id, form = trigger(visitor.open(f"/dags/{DAG}"), {"account_id": ACCOUNT})
        office.airflow.follow(DAG, run_id)
        office.airflow.wait_until(lambda: office.airflow.required_actions(run_id), SOON)

        run = f"/dags/{DAG}/runs/{run_id}"
        details = visitor.open(f"{run}/tasks/authorize/details")
        link = details.get_by_role("link", name=LiveRampAuthorizeLink.name, exact=True)
        address = link.get_attribute("href") or ""

        listed = visitor.open("/required_actions")
        row(listed, run_id).get_by_role("link", name="Authorise LiveRamp").click()
        question = listed.get_by_role("link", name="the page of the destination")
        asked = [question.get_attribute("href") or ""]
        destination = visitor.follow(question)
        destination.get_by_role("button", name="Authorize").click()
        destination.get_by_role("heading", name="Access authorised").wait_for()
        listed.get_by_role("button", name=AUTHORIZED).click()
        row(visitor.open(f"/dags/{DAG}/runs"), run_id, "Success").wait_for()
        yield Consented(run_id, run, form, address, asked)
    visitor.leave()


def test_the_form_asks_for_the_parameters_in_words(consented: Consented) -> None:
    params = liveramp_distribution().params
    assert params
    for name in params:
        param = params.get_param(name)
        assert param.schema["title"] in consented.form
        assert str(param.description) in consented.form


def test_what_the_form_was_given_reaches_the_service(office: Office, consented: Consented) -> None:
    (connection,) = office.sandbox.state()["liveramp"]["integrationConnections"]
    assert ACCOUNT in str(connection["properties"])


def test_link_and_question_lead_to_the_page_of_the_destination(office: Office, consented: Consented) -> None:
    (attempt,) = office.sandbox.state()["liveramp"]["oAuthConnectionAttempts"]
    assert consented.link == attempt["authorizationUrl"]
    assert consented.asked == [attempt["authorizationUrl"]]


def test_each_task_succeeded(office: Office, visitor: Visitor, consented: Consented) -> None:
    page = visitor.open(consented.run)
    for task_id in office.airflow.tasks(consented.run_id):
        row(page, task_id, "Success").wait_for()


def test_the_log_says_what_was_done(office: Office, visitor: Visitor, consented: Consented) -> None:
    state = office.sandbox.state()["liveramp"]
    (connection,), (attempt,) = state["integrationConnections"], state["oAuthConnectionAttempts"]
    page = visitor.open(f"{consented.run}/tasks/create_integration_connection")
    page.get_by_text(f"Made integration connection, with the id {connection['id']}.").wait_for()
    page = visitor.open(f"{consented.run}/tasks/authorize")
    page.get_by_text(f"OAuth connection attempt {attempt['id']} is AUTHORIZED").wait_for()
    office.assert_nothing_secret_seen()


def test_the_results_are_shown_and_no_secret(office: Office, visitor: Visitor, consented: Consented) -> None:
    (connection,) = office.sandbox.state()["liveramp"]["integrationConnections"]
    page = visitor.open(f"{consented.run}/tasks/create_integration_connection")
    page.get_by_role("link", name="Storage").click()
    page.get_by_text("XCom", exact=True).click()
    wait_for_results(page, "id", connection["id"])
    wait_for_results(visitor.open("/xcoms"), "distributionManagerID")
    assert connection["id"] in office.visitor.seen()
    office.assert_nothing_secret_seen()


# A question about an audience


@pytest.mark.parametrize(("answer", "ends"), [(SEND, "Success"), (DO_NOT_SEND, "Failed")])
def test_who_answers_decides_whether_it_is_sent(
    office: Office, visitor: Visitor, answer: str, ends: str
) -> None:
    office.canaries.add(PERSON)
    audience = answer.replace(" ", "_")
    source = office.folder / f"{audience}.csv"
    source.write_text(f"email\n{PERSON}\n")
    folders = {name: str(office.folder / name) for name in ("folder", "ledger")}
    run_id = office.airflow.trigger("attended_check", source=str(source), audience=audience, **folders)
    office.airflow.wait_until(lambda: office.airflow.required_actions(run_id), SOON)

    page = visitor.open("/required_actions")
    row(page, run_id).get_by_role("link", name=f"Send the audience {audience} to acoustic?").click()
    page.get_by_text("1 rows, fewer than min_rows=100").wait_for()
    page.get_by_role("button", name=answer, exact=True).click()
    row(visitor.open("/dags/attended_check/runs"), run_id, ends).wait_for()
    task = "send" if answer == SEND else "check"
    log = visitor.open(f"/dags/attended_check/runs/{run_id}/tasks/check")
    log.get_by_text(f"answered: {answer}").first.wait_for()
    prepared = f"/dags/attended_check/runs/{run_id}/tasks/prepare"
    visitor.open(prepared).get_by_text("1 rows of 1 read").wait_for()
    wait_for_results(visitor.open(f"{prepared}/xcom"), "return_value")
    assert office.airflow.task_states(run_id)[task] == ends.lower()
    office.assert_nothing_secret_seen()
