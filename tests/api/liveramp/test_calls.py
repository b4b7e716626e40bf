"""LiveRamp: what goes out, what comes back, what is refused before it goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from api_testing import answer, naming
from endpoints.liveramp import CONFIG, CONNECTION

from airflow_provider_activation.api import liveramp as api
from airflow_provider_activation.api.call import NOTHING, Call, Page, Safety, every_page
from airflow_provider_activation.api.steps import drive
from airflow_provider_activation.errors import InvalidRequest, UnreadableResponse

LIMIT = ("limit", "100")
FULL = api.IntegrationConnectionInput(
    integration_id=("1001", "2001"),
    properties=(api.PropertyInput(property_key="accountId", property_value="acc-7"),),
    device_types=("WEB", "IOS"),
    oauth_connection_id="4000001",
    distribution_manager_name="Autumn [af:0123456789ab]",
)
FULL_BODY = {
    "integrationID": ["1001", "2001"],
    "properties": [{"propertyKey": "accountId", "propertyValue": "acc-7"}],
    "deviceTypes": ["WEB", "IOS"],
    "oAuthConnectionID": "4000001",
    "distributionManagerName": "Autumn [af:0123456789ab]",
}


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "body", "safety"),
    [
        pytest.param(
            api.list_destinations(),
            *("GET", "/v2/destinations", (LIMIT,), NOTHING, Safety.READ),
            id="list destinations",
        ),
        pytest.param(
            api.get_integration("1001", "2001"),
            *("GET", "/v2/destinations/1001/integrations/2001", (), NOTHING, Safety.READ),
            id="get an integration",
        ),
        pytest.param(
            api.create_integration_connection(FULL),
            *("POST", "/v2/integration-connections", (), FULL_BODY, Safety.ONCE),
            id="create an integration connection",
        ),
        pytest.param(
            api.create_integration_connection(CONNECTION),
            *("POST", "/v2/integration-connections", ()),
            *({"integrationID": ["1002", "2002"], "properties": [], "deviceTypes": ["PII"]}, Safety.ONCE),
            id="create an integration connection without more than it needs",
        ),
        pytest.param(
            api.list_integration_connections(),
            *("GET", "/v2/integration-connections", (LIMIT,), NOTHING, Safety.READ),
            id="list integration connections",
        ),
        pytest.param(
            api.create_oauth_connection_attempt(api.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")),
            *("POST", "/v2/oauth-connection-attempts", (), {"oAuthEndpointID": "3001"}, Safety.REPEATABLE),
            id="begin an authorisation",
        ),
        pytest.param(
            api.create_oauth_connection_attempt(
                api.OAuthConnectionAttemptInput(
                    oauth_endpoint_id="3001",
                    oauth_connection_id="4000001",
                    redirect_url="https://example.com/done",
                )
            ),
            *("POST", "/v2/oauth-connection-attempts", ()),
            {
                "oAuthEndpointID": "3001",
                "oAuthConnectionID": "4000001",
                "redirectUrl": "https://example.com/done",
            },
            Safety.REPEATABLE,
            id="begin an authorisation again",
        ),
        pytest.param(
            api.get_oauth_connection_attempt("0b1c-2d"),
            *("GET", "/v2/oauth-connection-attempts/0b1c-2d", (), NOTHING, Safety.READ),
            id="get an authorisation",
        ),
        pytest.param(
            api.list_oauth_connections("3001"),
            *("GET", "/v2/oauth-connections", (("oAuthEndpointID", "3001"), LIMIT), NOTHING, Safety.READ),
            id="list OAuth connections",
        ),
        pytest.param(
            api.list_distribution_managers("7100001"),
            *("GET", "/v2/distribution-managers", (("integrationConnectionID", "7100001"), LIMIT)),
            *(NOTHING, Safety.READ),
            id="list distribution managers",
        ),
        pytest.param(
            api.add_segment_configs("8100001", [CONFIG]),
            *("POST", "/v2/distribution-managers/8100001/segment-configs", ()),
            [
                {
                    "segmentID": "5000000001",
                    "segmentType": "ONBOARDING",
                    "distributionManagerID": "8100001",
                }
            ],
            Safety.ONCE,
            id="add segment configs",
        ),
        pytest.param(
            api.list_segment_configs("8100001"),
            *("GET", "/v2/distribution-managers/8100001/segment-configs", (LIMIT,), NOTHING, Safety.READ),
            id="list segment configs",
        ),
        pytest.param(
            api.list_segments("1", "win_back"),
            *("GET", "/v2/segments", (("valueName", "1"), ("fieldName", "win_back"), LIMIT)),
            *(NOTHING, Safety.READ),
            id="list segments of a field and value",
        ),
        pytest.param(
            api.list_deliveries("7100001", ["5000000001", "5000000002"]),
            *("GET", "/v2/deliveries"),
            (
                ("integrationConnectionID", "7100001"),
                ("segmentIDs", "5000000001"),
                ("segmentIDs", "5000000002"),
                LIMIT,
            ),
            *(NOTHING, Safety.READ),
            id="list deliveries of a connection and some segments",
        ),
        pytest.param(
            api.list_deliveries(),
            *("GET", "/v2/deliveries", (LIMIT,), NOTHING, Safety.READ),
            id="list deliveries",
        ),
    ],
)
def test_what_goes_out(
    call: Call[Any],
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    body: Any,
    safety: Safety,
) -> None:
    assert (call.method, call.path, call.query) == (method, path, query)
    assert call.json == body
    assert call.safety is safety
    assert not call.form
    assert call.url is None


def test_a_token_is_requested_by_the_password_grant_at_its_own_address() -> None:
    call = api.request_token("account-1", "secret-1")
    assert (call.method, call.url) == ("POST", "https://serviceaccounts.liveramp.com/authn/v1/oauth2/token")
    assert call.form == {
        "grant_type": "password",
        "username": "account-1",
        "password": "secret-1",
        "client_id": "liveramp-api",
        "scope": "openid",
        "response_type": "token",
    }
    assert call.json is NOTHING
    assert call.safety is Safety.READ
    assert api.request_token("a", "b", token_url="https://x.example/t").url == "https://x.example/t"


def test_the_oauth_connections_id_is_sent_and_never_the_endpoints() -> None:
    assert "oAuthEndpointID" not in FULL.body()


# What is refused before it goes out


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"integration_id": ("1001",)}, "integration_id"),
        ({"integration_id": ("1001", "2001", "3")}, "integration_id"),
        ({"integration_id": "1001"}, "integration_id"),
        ({"integration_id": (1001.0, 2001)}, "integration_id"),
        ({"device_types": ()}, "device_types"),
        ({"device_types": ("COOKIE",)}, "device_types"),
        ({"properties": ({"property_key": "", "property_value": ""},)}, "property_key"),
        ({"properties": {"bucket": "b"}}, "properties"),
        ({"oauth_connection_id": ""}, "oauth_connection_id"),
        ({"distribution_manager_name": ""}, "distribution_manager_name"),
        ({"distribution_manager_name": "x" * 51}, "distribution_manager_name"),
        ({"oAuthEndpointID": "3001"}, "oAuthEndpointID"),
    ],
)
def test_an_integration_connection_that_cannot_be_meant_is_refused_by_the_fields_name(
    change: dict[str, Any], named: str
) -> None:
    good: dict[str, Any] = {"integration_id": ("1002", "2002"), "device_types": ("PII",)}
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.IntegrationConnectionInput(**{**good, **change})


def test_a_distribution_managers_name_of_50_characters_is_taken() -> None:
    name = "x" * 50
    taken = api.IntegrationConnectionInput(
        integration_id=("1", "2"), device_types=("PII",), distribution_manager_name=name
    )
    assert taken.body()["distributionManagerName"] == name


def test_a_refusal_does_not_show_the_value() -> None:
    with pytest.raises(InvalidRequest) as caught:
        api.PropertyInput(property_key="apiKey", property_value=["CANARY"])
    assert caught.match(naming("property_value"))
    assert "CANARY" not in f"{caught.value} {caught.value!r} {caught.value.args}"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"segment_id": "", "segment_type": "ONBOARDING"}, "segment_id"),
        ({"segment_id": "1", "segment_type": "onboarding"}, "segment_type"),
        (
            {"segment_id": "1", "segment_type": "ONBOARDING", "destination_segment_id": ""},
            "destination_segment_id",
        ),
        ({"segment_type": "ONBOARDING"}, "segment_id"),
    ],
)
def test_a_segment_config_that_cannot_be_meant_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest, match=naming(named)):
        api.SegmentConfigInput(**fields)


def test_an_authorisation_needs_its_endpoint() -> None:
    with pytest.raises(InvalidRequest, match=naming("oauth_endpoint_id")):
        api.OAuthConnectionAttemptInput(oauth_endpoint_id="")


@pytest.mark.parametrize("number", [0, 501])
def test_one_call_takes_1_to_500_segments(number: int) -> None:
    api.add_segment_configs("8100001", [CONFIG] * 500)
    with pytest.raises(InvalidRequest, match=f"1 to 500, given {number}"):
        api.add_segment_configs("8100001", [CONFIG] * number)


# What comes back


@pytest.mark.parametrize(
    ("body", "lifetime"),
    [
        ({"access_token": "t", "token_type": "Bearer", "expires_in": 1800}, 1800.0),
        ({"access_token": "t", "expires_in": "600"}, 600.0),
        ({"access_token": "t"}, 600.0),
        ({"access_token": "t", "expires_in": None}, 600.0),
    ],
)
def test_a_token(body: dict[str, Any], lifetime: float) -> None:
    token = api.request_token("a", "b").parse(answer(body))
    assert (token.headers, token.secrets) == ({"Authorization": "Bearer t"}, ("t",))
    assert token.lifetime == lifetime


@pytest.mark.parametrize(
    "body", [{}, {"access_token": ""}, {"access_token": 5}, {"access_token": "t", "expires_in": "soon"}, []]
)
def test_a_reply_without_a_token_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableResponse):
        api.request_token("a", "b").parse(answer(body))


@pytest.mark.parametrize("created_id", ["7100001", 7100001])
def test_what_was_created_says_its_id(created_id: str | int) -> None:
    assert api.create_integration_connection(FULL).parse(answer({"id": created_id}, 201)).id == "7100001"


@pytest.mark.parametrize("body", [b"", {}, {"id": ""}, {"id": None}, {"id": True}, "7100001"], ids=str)
def test_created_without_an_id_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableResponse):
        api.create_integration_connection(FULL).parse(answer(body, 201))


def test_an_integration_says_whether_a_person_has_to_consent() -> None:
    body = {
        "id": "2001",
        "name": "Example Ads",
        "type": "ONBOARDING",
        "deviceTypes": ["WEB"],
        "requiredProperties": [{"name": "accountId", "description": "d", "new": 1}],
        "unavailableReason": None,
    }
    call = api.get_integration("1001", "2001")
    assert call.parse(answer(body)).oauth_endpoint_id is None
    integration = call.parse(answer({**body, "oAuthEndpointID": "3001"}))
    assert integration.oauth_endpoint_id == "3001"
    assert integration.required_properties[0].name == "accountId"
    assert integration.plain() == {**body, "oAuthEndpointID": "3001"}


@pytest.mark.parametrize("spelling", ["oAuthConnectionID", "oauthConnectionID", "oAuthConnectionId"])
def test_the_oauth_connections_id_is_read_in_every_casing(spelling: str) -> None:
    attempt = {"id": "a", "status": "AUTHORIZED", spelling: 4000001}
    read = api.get_oauth_connection_attempt("a").parse(answer(attempt))
    assert read.oauth_connection_id == "4000001"
    assert read.plain()["oAuthConnectionID"] == "4000001"
    connection = {"id": "7", "integrationID": ["1", "2"], spelling: "4000001"}
    (listed,) = page(api.list_integration_connections(), [connection]).items
    assert listed.oauth_connection_id == "4000001"


@pytest.mark.parametrize("spelling", ["oAuthEndpointID", "oauthEndpointID", "oAuthEndpointId"])
def test_the_oauth_endpoints_id_is_read_in_every_casing(spelling: str) -> None:
    body = {"id": "2001", "name": "x", spelling: "3001"}
    assert api.get_integration("1", "2").parse(answer(body)).oauth_endpoint_id == "3001"


@pytest.mark.parametrize("spelling", ["authorizationUrl", "authorizationURL"])
def test_the_persons_address_is_read_in_both_casings(spelling: str) -> None:
    body = {"id": "a", "status": "PENDING", spelling: "https://consent.example"}
    read = api.get_oauth_connection_attempt("a").parse(answer(body))
    assert read.authorization_url == "https://consent.example"


def test_a_status_no_document_names_is_read_all_the_same() -> None:
    body = {"id": "a", "status": "SLEEPING", "oauthStatus": "Authorized"}
    read = api.get_oauth_connection_attempt("a").parse(answer(body))
    assert (read.status, read.plain()["oauthStatus"]) == ("SLEEPING", "Authorized")


# Lists

ITEMS: dict[str, dict[str, Any]] = {
    "v2/Destinations": {"id": "1", "name": "a"},
    "v2/IntegrationConnections": {"id": "1", "integrationID": ["1", "2"]},
    "v2/OauthConnections": {"id": "1", "name": "a"},
    "v2/DistributionManagers": {"id": "1", "name": "a", "integrationConnectionID": "7"},
    "segmentConfigs": {"id": "1", "segmentID": "5", "segmentType": "ONBOARDING"},
    "v2/Segments": {"id": "1", "type": "ONBOARDING", "value": "1", "field": {"id": "6"}},
    "v2/Deliveries": {"id": "1", "status": "PENDING"},
}
LISTS: dict[str, Call[Page[Any]]] = {
    "v2/Destinations": api.list_destinations(),
    "v2/IntegrationConnections": api.list_integration_connections(),
    "v2/OauthConnections": api.list_oauth_connections(),
    "v2/DistributionManagers": api.list_distribution_managers(),
    "segmentConfigs": api.list_segment_configs("8100001"),
    "v2/Segments": api.list_segments(),
    "v2/Deliveries": api.list_deliveries(),
}
every_list = pytest.mark.parametrize("envelope", LISTS)


def page(call: Call[Page[Any]], items: list[Any], **pagination: Any) -> Page[Any]:
    return call.parse(answer({"only": items, "_pagination": {"total": 1, **pagination}}))


@every_list
def test_a_list_under_its_documented_key(envelope: str) -> None:
    body = {envelope: [{**ITEMS[envelope], "new": 1}], "_pagination": {"after": None, "total": 1}}
    read = LISTS[envelope].parse(answer(body))
    assert [item.id for item in read.items] == ["1"]
    assert read.items[0].plain() == {**ITEMS[envelope], "new": 1}
    assert read.following is None


@every_list
def test_a_list_under_another_key_if_it_is_the_only_one(envelope: str) -> None:
    for body in (
        {"v3_Things": [ITEMS[envelope]], "_pagination": {"after": None}},
        {"v3_Things": [ITEMS[envelope]]},
    ):
        assert len(LISTS[envelope].parse(answer(body)).items) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"_pagination": {"after": None}},
        {"a": [], "b": []},
        {"v2/Destinations": None},
        {"v2/Destinations": {"id": "1"}},
        {"v2/Destinations": [], "_pagination": [1]},
        [{"id": "1", "name": "a"}],
        "v2/Destinations",
    ],
    ids=str,
)
def test_a_list_that_is_none_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableResponse):
        LISTS["v2/Destinations"].parse(answer(body))


@every_list
def test_the_next_page_is_asked_for_with_the_same_query_and_the_cursor(envelope: str) -> None:
    first = LISTS[envelope]
    cursors = ["cursor=/+", "third", None]
    sent: list[Call[Page[Any]]] = []

    def perform(call: Call[Page[Any]]) -> Page[Any]:
        sent.append(call)
        return page(call, [], after=cursors[len(sent) - 1])

    assert drive(every_page(first), perform) == []
    after = [first.query, *((*first.query, ("after", cursor)) for cursor in cursors[:-1])]
    assert [call.query for call in sent] == after
    assert {(call.method, call.path, call.operation) for call in sent} == {
        ("GET", first.path, first.operation)
    }


@pytest.mark.parametrize("pagination", [{"after": None}, {"after": ""}, {}, {"total": "0"}])
def test_the_last_page_names_no_next_one(pagination: dict[str, Any]) -> None:
    assert page(LISTS["v2/Segments"], [], **pagination).following is None
    assert LISTS["v2/Segments"].parse(answer({"v2/Segments": [], "_pagination": None})).following is None


# The answer to segments put into distribution


@pytest.mark.parametrize(
    ("item", "status", "failed", "message"),
    [
        ({"id": "9", "status": {"httpStatus": 201, "message": "Created"}}, 201, False, "Created"),
        ({"id": None, "status": {"httpStatus": 404, "message": "no segment 5"}}, 404, True, "no segment 5"),
        ({"id": "9", "status": 201}, 201, False, "201"),
        ({"id": "9", "status": 409}, 409, True, "409"),
        ({"id": "9", "status": "422"}, 422, True, "422"),
        ({"id": "9"}, None, False, "no status"),
        ({"id": "9", "status": None}, None, False, "no status"),
        ({"id": "9", "status": "OK"}, None, False, "no status"),
        ({"id": "9", "status": True}, None, False, "no status"),
        ({"id": "9", "status": []}, None, False, "no status"),
        ({"id": "9", "status": "²"}, None, False, "no status"),
    ],
)  # fmt: skip
def test_each_item_of_a_207_has_its_own_status(
    item: dict[str, Any], status: int | None, failed: bool, message: str
) -> None:
    (result,) = api.add_segment_configs("8100001", [CONFIG]).parse(answer([item], 207))
    assert (result.http_status, result.failed, result.message) == (status, failed, message)


def test_a_207_that_is_no_list_is_unreadable() -> None:
    with pytest.raises(UnreadableResponse, match="not a list"):
        api.add_segment_configs("8100001", [CONFIG]).parse(answer({"results": []}, 207))


def test_deliveries_as_documented() -> None:
    body = {
        "id": "9",
        "status": "DELIVERED",
        "deviceType": "PII",
        "updatedAt": "2026-09-01T00:00:00.000Z",
        "integrationConnectionID": 7100001,
        "operationType": "ADD",
        "recordCount": 4210,
        "segmentID": "5000000001",
    }
    (delivery,) = page(api.list_deliveries(), [body]).items
    assert (delivery.segment_id, delivery.integration_connection_id) == ("5000000001", "7100001")
    assert delivery.updated_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert delivery.plain()["deviceType"] == "PII"


# Comparing what is wanted with what is there


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"deviceTypes": ["IOS", "WEB"]}, True),
        ({"oAuthConnectionID": 4000001}, True),
        ({"integrationID": ["2001", "1001"]}, False),
        ({"integrationID": [1001, 2001]}, True),
        ({"properties": []}, False),
        ({"properties": [{"propertyKey": "accountId", "propertyValue": "other"}]}, False),
        ({"deviceTypes": ["WEB"]}, False),
        ({"oAuthConnectionID": None}, False),
    ],
)
def test_which_integration_connection_is_what_an_input_would_make(
    change: dict[str, Any], expected: bool
) -> None:
    body = {name: value for name, value in FULL_BODY.items() if name != "distributionManagerName"}
    assert api.IntegrationConnection.model_validate({"id": "7", **body, **change}).is_as(FULL) is expected


def test_a_segment_config_is_known_by_segment_and_type() -> None:
    there = api.SegmentConfig.model_validate({"id": 1, "segmentID": 5000000001, "segmentType": "ONBOARDING"})
    assert there.key == CONFIG.key == ("5000000001", "ONBOARDING")
