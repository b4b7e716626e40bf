"""A connection that requires suppression sends no audience that is not proven, whoever makes the call."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer
from transport_testing import Wire, call, log_in, service

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import FileBody, Safety
from airflow_provider_activation.errors import UnfitAudience

SEND_AUDIENCES = {
    (acoustic_exchange, "upload_job_data"),
    (acoustic_exchange, "export_segment"),
    (liveramp, "add_segment_configs"),
}
"""Of all endpoints; the other services take no audience from this package."""


@pytest.fixture
def file(tmp_path: Path) -> FileBody:
    path = tmp_path / "people.csv"
    path.write_text("email\nbo@example.com\n")
    return FileBody(path, "text/csv")


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("safety", list(Safety), ids=lambda safety: safety.name)
def test_no_audience_leaves(server: ScriptedServer, wire: Wire, safety: Safety, marked: bool) -> None:
    transport = wire.transport(service(server.url, require_suppression=True))
    sent = call(safety, sends_audience=marked)
    if not marked:
        assert wire.send(transport, sent) == {"ok": True}
        return
    with pytest.raises(UnfitAudience, match="'example_default' requires suppression") as caught:
        wire.send(transport, sent)
    assert (caught.value.service, caught.value.operation) == ("Example", "make_thing")
    assert server.asked == []
    assert wire.send(transport, sent.proven(True)) == {"ok": True}


def test_a_file_is_an_audience_even_if_nobody_says_so(
    server: ScriptedServer, wire: Wire, file: FileBody
) -> None:
    transport = wire.transport(service(server.url, require_suppression=True))
    with pytest.raises(UnfitAudience, match="requires suppression"):
        wire.send(transport, call(Safety.ONCE, file=file))
    assert server.asked == []
    server.script.append(Reply(200, {"ok": True}))
    assert wire.send(transport, call(Safety.ONCE, file=file).proven(True)) == {"ok": True}


def test_another_connection_sends_it(server: ScriptedServer, wire: Wire, file: FileBody) -> None:
    assert wire.send(wire.transport(service(server.url)), call(Safety.ONCE, file=file)) == {"ok": True}


def test_no_log_in_comes_before_the_refusal(server: ScriptedServer, wire: Wire, file: FileBody) -> None:
    settings = service(server.url, require_suppression=True, log_in=log_in(f"{server.url}/token"))
    with pytest.raises(UnfitAudience):
        wire.send(wire.transport(settings), call(Safety.ONCE, file=file))
    assert server.asked == []


def test_the_endpoints_that_send_audiences_are_marked() -> None:
    """Seen in the source: a mark stands where the call is made."""
    found = {
        (module, name)
        for module in (acoustic_exchange, dataddo, delta_projects, liveramp)
        for name, endpoint in endpoints_of(module).items()
        if "sends_audience=True" in inspect.getsource(inspect.unwrap(endpoint))
    }
    assert found == SEND_AUDIENCES


def test_the_marks_are_on_the_calls(file: FileBody) -> None:
    segment = liveramp.SegmentConfigInput.model_validate({"segmentID": "5", "segmentType": "ONBOARDING"})
    exported = acoustic_exchange.SegmentExport.model_validate(
        {
            **{"endpoint_id": 10001, "segment_id": 7, "destination_endpoint_id": 20002},
            **{"source_identifiers": ["email"], "destination_identifier": "email"},
            "update_identities": False,
        }
    )
    calls: list[Any] = [
        liveramp.add_segment_configs("8000001", [segment]),
        acoustic_exchange.export_segment(exported),
        acoustic_exchange.upload_job_data(1, file),
    ]
    assert [one.is_unproven for one in calls] == [True, True, True]
    assert [one.proven(True).is_unproven for one in calls] == [False, False, False]
    assert [one.proven(True).proven(False).is_unproven for one in calls] == [True, True, True]
    assert not liveramp.remove_segment_configs("8000001", ["9"]).is_unproven


def endpoints_of(module: ModuleType) -> dict[str, Any]:
    return {
        name: one
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if str(inspect.signature(one).return_annotation).startswith("Call[")
    }
