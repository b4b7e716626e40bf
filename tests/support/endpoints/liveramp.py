"""LiveRamp's endpoints."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from airflow_provider_activation.api import liveramp as api
from endpoints.answers import has, has_an_id, is_done, lists, of_length
from endpoints.table import HELD, ODD, Held, Table, each, on, seeds, use

BUCKET, FOLDER = (api.PropertyInput(property_key=key, property_value="x") for key in ("bucket", "folder"))
CONNECTION = api.IntegrationConnectionInput(integration_id=("1002", "2002"), device_types=("PII",))
DATA_STORE = CONNECTION.model_copy(update={"properties": (BUCKET, FOLDER)})
MANAGED = DATA_STORE.model_copy(update={"distribution_manager_name": "Autumn"})
PROPERTIES = [{"property_key": "bucket", "property_value": ""}, {"property_key": ODD, "property_value": ODD}]
DEVICES = get_args(api.DeviceType)
FILLED = {"properties": PROPERTIES, "device_types": DEVICES, "oauth_connection_id": "4001"}
KEPT = api.IntegrationConnectionUpdate(properties=(BUCKET, FOLDER), device_types=("RAMP_ID",))
ODD_CONNECTION = {**FILLED, "integration_id": (ODD, "2002"), "distribution_manager_name": "ä" * 50}
ATTEMPT = api.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")
ODD_ATTEMPT = api.OAuthConnectionAttemptInput(
    oauth_endpoint_id=ODD, oauth_connection_id="4001", redirect_url="https://example.com/a?b=c%20d", state=ODD
)
STATUSES = get_args(api.DistributionManagerStatus)
DAYS = (date(2026, 12, 31), None)
UNTIL: list[Any] = [{"name": "ä" * 50, "status": one, "expire_at": day} for one in STATUSES for day in DAYS]
MANAGERS = [api.DistributionManagerInput(integration_connection_id=ODD, **fields) for fields in UNTIL]
CONFIG = api.SegmentConfigInput(segment_id="5000000001", segment_type="ONBOARDING")
ODD_CONFIG = CONFIG.model_copy(update={"segment_id": ODD, "destination_segment_id": ODD})
KINDS = get_args(api.SegmentType)
TWO = ["5000000001", "5000000002"]
MOST = [str(number) for number in range(api.MOST_SEGMENTS_A_CALL)]


def connection(held: Held) -> None:
    held.keep(integration_connection_id=held.send(api.create_integration_connection(MANAGED)).id)
    held.keep(distribution_manager_id=held.send(api.list_distribution_managers()).items[0].id)


def bare_connection(held: Held) -> None:
    """One without a distribution manager, which would be in the way of its deletion."""
    held.keep(integration_connection_id=held.send(api.create_integration_connection(DATA_STORE)).id)


def distribution(held: Held) -> None:
    connection(held)
    (made,) = held.send(api.add_segment_configs(held.distribution_manager_id, [CONFIG]))
    held.keep(segment_config_id=made.id)


def distributed(held: Held) -> list[str]:
    return [held.segment_config_id]


def attempt(held: Held) -> None:
    held.keep(attempt_id=held.send(api.create_oauth_connection_attempt(ATTEMPT)).id)


def authorisation(held: Held) -> None:
    attempt(held)
    held.let_time_pass()
    found = held.send(api.get_oauth_connection_attempt(held.attempt_id))
    held.keep(oauth_connection_id=found.oauth_connection_id)


def token_server(held: Held) -> None:
    log_in = held.table.hook().get_conn().settings.log_in
    assert log_in is not None
    held.keep(token_url=log_in.url)


def manager_of(held: Held) -> api.DistributionManagerInput:
    return api.DistributionManagerInput(name="x", integration_connection_id=held.integration_connection_id)


def keys(held: Held) -> dict[str, str]:
    token_server(held)
    token = held.send(api.request_token(held.service_account, held.secret_key, token_url=held.token_url))
    return {"serviceAccountToken": token.headers["Authorization"].removeprefix("Bearer ")}


def second_is_unavailable(found: Any) -> bool:
    return [one.unavailable_reason is None for one in found] == [True, False]


def first_alone(found: Any) -> bool:
    """Whether of two segments the first is in distribution and the second is not."""
    of_second = found[1].taxonomy.taxonomy_sync_status
    distributed = [one.integration_connection_id is not None for one in found]
    return distributed == [True, False] and of_second == "NOT_CONFIGURED_TO_SYNC"


TABLE = Table(
    "liveramp",
    {"service_account": "sandbox-service-account", "secret_key": "sandbox-liveramp-secret-key"},
    keys,
    {
        api.request_token: [use(), on(token_server, lambda token: token.lifetime > 0, token_url=HELD)],
        api.list_destinations: [on(seeds, lists(id=["1001", "1002"]))],
        api.get_destination: [on(seeds, has(name="Example Ads"), destination_id="1001")],
        api.list_integrations: [
            on(seeds, of_length(1), destination_id="1002"),
            *each("integration_type", get_args(api.IntegrationType)),
            *each("view", get_args(api.IntegrationView)),
            on(seeds, second_is_unavailable, destination_id="1002", view="STANDARD_WITH_UNAVAILABLE"),
        ],
        api.get_integration: [
            on(seeds, has(oauth_endpoint_id="3001"), destination_id="1001", integration_id="2001")
        ],
        api.create_integration_connection: [
            use(connection=CONNECTION),
            use(connection=api.IntegrationConnectionInput.model_validate(ODD_CONNECTION)),
            on(seeds, has_an_id, connection=MANAGED),
        ],
        api.list_integration_connections: [
            on(connection, lambda found: [one.is_as(MANAGED) for one in found] == [True])
        ],
        api.get_integration_connection: [on(connection, lambda found: found.is_as(MANAGED))],
        api.update_integration_connection: [
            use(update=api.IntegrationConnectionUpdate(properties=(), device_types=("PII",))),
            use(update=api.IntegrationConnectionUpdate.model_validate(FILLED)),
            on(connection, is_done, update=KEPT),
        ],
        api.delete_integration_connection: [on(bare_connection, is_done)],
        api.create_oauth_connection_attempt: [
            on(seeds, has_an_id, attempt=ATTEMPT),
            use(attempt=ODD_ATTEMPT),
        ],
        api.get_oauth_connection_attempt: [
            on(attempt, lambda found: found.authorization_url.startswith("http://127.0.0.1"))
        ],
        api.list_oauth_connections: [use(), on(authorisation, of_length(1), oauth_endpoint_id="3001")],
        api.get_oauth_connection: [on(authorisation, has(oauth_endpoint_id="3001"))],
        api.create_distribution_manager: [
            on(connection, has_an_id, manager=manager_of),
            *(
                use(manager=api.DistributionManagerInput(integration_connection_id=ODD, **one))
                for one in UNTIL
            ),
        ],
        api.list_distribution_managers: [
            use(),
            on(connection, lists(name=["Autumn"]), integration_connection_id=HELD),
        ],
        api.get_distribution_manager: [on(connection, has(name="Autumn", status="ACTIVE"))],
        api.update_distribution_manager: [
            on(connection, is_done, update=api.DistributionManagerUpdate.model_validate(one)) for one in UNTIL
        ],
        api.delete_distribution_manager: [on(connection, is_done)],
        api.add_segment_configs: [
            on(connection, lists(http_status=[201]), segments=[CONFIG]),
            *(
                use(segments=[one.model_copy(update={"segment_type": kind}) for one in (CONFIG, ODD_CONFIG)])
                for kind in KINDS
            ),
            use(segments=[CONFIG.model_copy(update={"segment_id": number}) for number in MOST]),
        ],
        api.remove_segment_configs: [
            use(segment_config_ids=["9000001", ODD]),
            use(segment_config_ids=MOST),
            on(distribution, lists(http_status=[200]), segment_config_ids=distributed),
        ],
        api.list_segment_configs: [on(distribution, lists(key=[CONFIG.key]))],
        api.get_segment_config: [on(distribution, has(key=CONFIG.key))],
        api.list_segments: [
            use(),
            on(seeds, lists(id=["5000000001"]), value_name="1", field_name="win_back"),
        ],
        api.get_segment: [on(seeds, has(field__name="win_back"), segment_id=TWO[0])],
        api.list_segment_statuses: [
            *each("segment_type", KINDS, segment_ids=[*TWO, ODD]),
            on(distribution, first_alone, segment_type="ONBOARDING", segment_ids=TWO),
        ],
        api.list_deliveries: [
            use(),
            use(integration_connection_id="7000001"),
            use(segment_ids=["5000000001", ODD]),
            on(distribution, lists(segment_id=TWO[:1]), integration_connection_id=HELD, segment_ids=TWO),
        ],
    },
)
