"""Acoustic Exchange: what the documents leave open in a request, and ids that would be of no use."""

from __future__ import annotations

import pytest

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.errors import InvalidRequest


def test_a_registration_may_leave_out_what_the_document_does_not_require() -> None:
    databases = [{"identifiers": [{"name": "email", "type": "EMAIL", "hashMode": ""}]}]
    registration = api.EndpointRegistration.model_validate(
        {
            **{"name": 2036, "providerName": "b", "notificationKey": 42},
            "marketingDatabasesDefinition": {"marketingDatabases": databases},
        }
    )
    assert registration.body() == {
        "name": "2036",
        "providerName": "b",
        "notificationKey": "42",
        "marketingDatabasesDefinition": {
            "marketingDatabases": [{"identifiers": [{"name": "email", "type": "EMAIL"}]}]
        },
    }


@pytest.mark.parametrize("text", ["a/b", "a\\b", ".", "..", " ", "a\nb"])
def test_a_segment_that_could_not_be_read_or_deleted_is_refused_when_it_is_made(text: str) -> None:
    with pytest.raises(InvalidRequest, match="id_string must not"):
        api.SegmentDefinition(id_string=text, name="a")
    with pytest.raises(InvalidRequest, match="segment_id"):
        api.get_segment(10001, text)
