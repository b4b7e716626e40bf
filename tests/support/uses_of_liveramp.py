"""Ways to use `LiveRampHook`."""

from __future__ import annotations

from datetime import date
from typing import get_args

from hook_uses import ODD, Use, use

from airflow_provider_activation.api import liveramp as api

PROPERTIES = (
    api.PropertyInput(property_key="bucket", property_value=""),
    api.PropertyInput(property_key=ODD, property_value=ODD),
)
DEVICE_TYPES = get_args(api.DeviceType)

USES: list[Use] = [
    use("list_destinations"),
    use("get_destination", "1002"),
    use("list_integrations", "1002"),
    *(use("list_integrations", "1002", kind) for kind in get_args(api.IntegrationType)),
    *(use("list_integrations", "1002", view=view) for view in get_args(api.IntegrationView)),
    use("get_integration", "1002", "2002"),
    use(
        "create_integration_connection",
        api.IntegrationConnectionInput(integration_id=("1002", "2002"), device_types=("PII",)),
    ),
    use(
        "create_integration_connection",
        api.IntegrationConnectionInput(
            integration_id=(ODD, "2002"),
            properties=PROPERTIES,
            device_types=DEVICE_TYPES,
            oauth_connection_id="4001",
            distribution_manager_name="ä" * 50,
        ),
    ),
    use("list_integration_connections"),
    use("get_integration_connection", "7000001"),
    use(
        "update_integration_connection",
        "7000001",
        api.IntegrationConnectionUpdate(properties=(), device_types=("PII",)),
    ),
    use(
        "update_integration_connection",
        "7000001",
        api.IntegrationConnectionUpdate(
            properties=PROPERTIES, device_types=DEVICE_TYPES, oauth_connection_id="4001"
        ),
    ),
    use("delete_integration_connection", "7000001"),
    use("create_oauth_connection_attempt", api.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")),
    use(
        "create_oauth_connection_attempt",
        api.OAuthConnectionAttemptInput(
            oauth_endpoint_id=ODD,
            oauth_connection_id="4001",
            redirect_url="https://example.com/done?a=b%20c",
            state=ODD,
        ),
    ),
    use("get_oauth_connection_attempt", "0b9f7a4e-6f0c-4c57-9a3f-1a1c1f0f5c11"),
    use("list_oauth_connections"),
    use("list_oauth_connections", "3001"),
    use("get_oauth_connection", "4001"),
    use(
        "create_distribution_manager",
        api.DistributionManagerInput(name="Autumn", integration_connection_id="7000001"),
    ),
    *(
        use(
            "create_distribution_manager",
            api.DistributionManagerInput(
                name="ä" * 50, integration_connection_id=ODD, status=status, expire_at=date(2026, 12, 31)
            ),
        )
        for status in get_args(api.DistributionManagerStatus)
    ),
    use("list_distribution_managers"),
    use("list_distribution_managers", "7000001"),
    use("get_distribution_manager", "8100001"),
    *(
        use(
            "update_distribution_manager",
            "8100001",
            api.DistributionManagerUpdate(name="Autumn", status=status, expire_at=expire_at),
        )
        for status in get_args(api.DistributionManagerStatus)
        for expire_at in (None, date(2026, 12, 31))
    ),
    use("delete_distribution_manager", "8100001"),
    *(
        use(
            "add_segment_configs",
            "8100001",
            [
                api.SegmentConfigInput(segment_id="5000000001", segment_type=kind),
                api.SegmentConfigInput(segment_id=ODD, segment_type=kind, destination_segment_id=ODD),
            ],
        )
        for kind in get_args(api.SegmentType)
    ),
    use(
        "add_segment_configs",
        "8100001",
        [
            api.SegmentConfigInput(segment_id=str(number), segment_type="ONBOARDING")
            for number in range(api.MOST_SEGMENTS_A_CALL)
        ],
    ),
    use("remove_segment_configs", "8100001", ["9000001", ODD]),
    use("remove_segment_configs", "8100001", [str(number) for number in range(api.MOST_SEGMENTS_A_CALL)]),
    use("list_segment_configs", "8100001"),
    use("get_segment_config", "8100001", "9000001"),
    use("list_segments"),
    use("list_segments", value_name="1"),
    use("list_segments", "1", "win_back"),
    use("get_segment", "5000000001"),
    *(use("list_segment_statuses", kind, ["5000000001", ODD]) for kind in get_args(api.SegmentType)),
    use("list_deliveries"),
    use("list_deliveries", "7000001"),
    use("list_deliveries", segment_ids=["5000000001"]),
    use("list_deliveries", "7000001", ["5000000001", ODD]),
]
