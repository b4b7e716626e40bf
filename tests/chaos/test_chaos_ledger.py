"""The chaos suite sees what is sent although it must not be, and a ledger that says something else."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_activation.actions import acoustic_exchange, base
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.audience.activation import Activation
from airflow_provider_activation.audience.ledger import Ledger, _Look
from airflow_provider_activation.operators.audience import CheckAudienceOperator
from airflow_provider_activation.operators.sending import SendsAudience
from airflow_provider_activation.transport import exchange

from .bars import DISTRIBUTE, EXPORT, UPLOAD
from .faults import ANOTHER_BEGINS, Point
from .test_chaos import single


def nothing(*arguments: Any, **options: Any) -> None:
    """What a planted fault leaves out."""


def test_all_is_well_without_a_planted_fault() -> None:
    verdict = single(UPLOAD, Point.LEDGER, "SIGKILL after the receipt")
    assert (verdict.refused, verdict.is_good) == (0, True)
    assert (verdict := single(UPLOAD, bar="no list")).is_good
    assert verdict.refused == 1
    assert (verdict := single(UPLOAD, bar="another's open intent", simulated=True)).is_good
    assert verdict.refused == 1


# Receipts wrong


def test_a_success_without_an_intent_is_a_wrong_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Activation, "intend", nothing)
    verdict = single(UPLOAD)
    assert (verdict.receipts, verdict.is_good) == (1, False)


@pytest.mark.parametrize("name", [UPLOAD, DISTRIBUTE])
def test_a_receipt_of_a_failure_is_wrong(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Activation, "withdraw", lambda activation, *told: activation.receipt("Somewhere", {}))
    verdict = single(name, bar="it fails there")
    assert (verdict.receipts, verdict.is_good) == (1, False)


def test_a_second_receipt_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Look, "receipt_of", nothing)
    verdict = single(UPLOAD, Point.LEDGER, "SIGKILL after the receipt")
    assert (verdict.receipts, verdict.is_good) == (1, False)


@pytest.mark.parametrize("name", [UPLOAD, DISTRIBUTE])
def test_an_intent_that_a_refusal_leaves_open_is_wrong(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Memory, "withdraw", nothing)
    verdict = single(name, bar="the service refuses it")
    assert (verdict.receipts, verdict.is_good) == (1, False)


def test_ids_of_something_else_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = Activation.receipt
    monkeypatch.setattr(
        Activation, "receipt", lambda activation, service, ids: receipt(activation, service, {"jobId": "1"})
    )
    verdict = single(UPLOAD)
    assert (verdict.receipts, verdict.is_good) == (1, False)


# Sent although refused


def test_an_intent_after_the_call_is_sent_although_another_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = Activation.receipt

    def late(activation: Activation, service: str, ids: Any) -> Any:
        activation.ledger.intend(activation._facts)
        return receipt(activation, service, ids)

    monkeypatch.setattr(Activation, "intend", nothing)
    monkeypatch.setattr(Activation, "receipt", late)
    verdict = single(UPLOAD, Point.LEDGER, ANOTHER_BEGINS)
    assert (verdict.sent_refused, verdict.is_good) == (1, False)


@pytest.mark.parametrize("name", [UPLOAD, DISTRIBUTE, EXPORT])
def test_suppression_that_nobody_demands_is_sent_although_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(SendsAudience, "_is_proven", lambda operator, context: True)
    verdict = single(name, bar="no list")
    assert (verdict.sent_refused, verdict.is_good) == (1, False)


@pytest.mark.parametrize(
    ("target", "name", "bar"),
    [
        (Ledger, "_check_own", "another's open intent"),
        (Activation, "_accept", "another sent since the check"),
        (acoustic_exchange, "check_file", "other bytes of the same size"),
    ],
)
def test_a_check_left_out_is_sent_although_refused(
    monkeypatch: pytest.MonkeyPatch, target: Any, name: str, bar: str
) -> None:
    monkeypatch.setattr(target, name, nothing)
    verdict = single(UPLOAD, bar=bar)
    assert (verdict.sent_refused, verdict.is_good) == (1, False)


def test_an_answer_that_nobody_reads_is_sent_although_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CheckAudienceOperator, "_approver", lambda operator, event: "A person")
    verdict = single(UPLOAD, bar="a breach that a person declines")
    assert (verdict.sent_refused, verdict.is_good) == (1, False)


# Simulated


def test_an_open_gate_of_the_transport_is_sent_while_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    # what makes something does not know that it is simulated, and the gate alone holds it
    monkeypatch.setattr(base, "simulation", nothing)
    assert single("Delta activity", simulated=True).is_good
    monkeypatch.setattr(exchange, "refuse_change", nothing)
    verdict = single("Delta activity", simulated=True)
    assert (verdict.sent_simulated, verdict.is_good) == (1, False)


@pytest.mark.parametrize(
    ("check", "bar"),
    [("check_open", "another's open intent"), ("check_guard", "another sent since the check")],
)
def test_a_refusal_that_a_simulation_does_not_tell_is_seen(
    monkeypatch: pytest.MonkeyPatch, check: str, bar: str
) -> None:
    assert single(DISTRIBUTE, bar=bar, simulated=True).refused == 1
    monkeypatch.setattr(Activation, check, nothing)
    verdict = single(DISTRIBUTE, bar=bar, simulated=True)
    assert (verdict.false_green, verdict.is_good) == (1, False)
