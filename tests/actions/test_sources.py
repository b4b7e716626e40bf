"""Sources at Dataddo: which one is taken, and what is sent, where a connector takes no authorised service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_activation.actions.dataddo import BuildFlow, Flow, Source
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.steps import Pause, drive

ADS = "amazon_ads_data_extractor"
SOURCE = Source(
    connector_id=ADS, label="Ads", parameters={}, service_id=None, key="0" * 12, if_exists="reuse"
)


class Account:
    """A service that holds one source, with these parameters, and makes whatever it is asked to."""

    def __init__(self, connector_id: str, **parameters: Any) -> None:
        self.source = {"id": "s1", "label": "Ads", "connector_id": connector_id}
        self.parameters = {"label": "Ads", **parameters}
        self.sent: list[Call[Any]] = []

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            return None
        self.sent.append(step)
        match step.operation:
            case "list_sources":
                return [api.Source.model_validate(self.source)]
            case "get_source_metadata":
                return self.parameters
            case "get_source":
                return api.Source.model_validate(self.source)
            case "list_flows_by_source":
                return []
            case "create_flow" | "get_flow":
                return api.Flow.model_validate({"id": "f1"})
        raise AssertionError(step)


@pytest.mark.parametrize(
    ("source", "parameters", "certain"),
    [
        (SOURCE, {}, [True]),
        (replace(SOURCE, service_id="1000"), {}, [True]),
        (replace(SOURCE, connector_id="mysql", service_id="1000"), {"o_auth_id": 1000}, [True]),
        (replace(SOURCE, connector_id="mysql", service_id="1000"), {"o_auth_id": 7}, []),
        (replace(SOURCE, connector_id="mysql", service_id="1000"), {}, [False]),
    ],
)
def test_a_source_is_known_by_the_service_that_its_connector_takes(
    source: Source, parameters: dict[str, Any], certain: list[bool]
) -> None:
    account = Account(source.connector_id, **parameters)
    found = drive(source.find(None), account.perform)
    assert [one.certain for one in found] == certain


def test_a_flow_is_built_on_a_source_without_a_service() -> None:
    account = Account(ADS)
    flow = Flow(app="google_data_studio", label="Ads", key="0" * 12, if_exists="reuse")
    build = BuildFlow(service=None, source=SOURCE, flow=flow)
    made = drive(build.make(Memory(None, generation=1, first_try=True), "fail"), account.perform)
    assert made.result == {"source_id": "s1", "flow_id": "f1"}
    assert not [call for call in account.sent if "service" in call.operation]


def test_the_spelling_of_a_source_can_be_chosen() -> None:
    mysql = replace(SOURCE, connector_id="mysql", service_id="1000")
    assert mysql.payload.keys() == {"connector_id", "label", "o_auth_id", "template_id"}
    other = replace(mysql, key_style="camelCase", oauth_id_type="number")
    assert other.payload["oAuthId"] == 1000
