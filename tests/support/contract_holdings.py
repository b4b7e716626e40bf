"""What each service of the sandbox is made to hold before requests to one of its operations go there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from dataddo_testing import snapchat, source_body
from generated_requests import Holdings
from sandbox_liveramp import add, authorise, config, connection_body, start_attempt
from sandbox_testing import PLAIN, STEP, acoustic_client, liveramp_token

from airflow_provider_activation.sandbox import Sandbox

PULLED = 20003
"""An audience destination that fetches its files."""


def delta_projects(sandbox: Sandbox, operation_id: str) -> Holdings:
    """The seeded client with one activity, its bidding plans and their creatives."""
    key = sandbox.secrets["delta_api_key"]
    extra = sandbox.connections["delta_projects_default"]["extra"]
    agency, client = extra["media_agency_id"], extra["client_id"]
    params = {"apikey": key}
    base = f"{sandbox.url}/delta-projects/api/v1"
    activities = f"{base}/media_agency/{agency}/client/{client}/campaign/default/activity"
    template = _json(PLAIN.get(f"{base}/activity_templates", params=params))[0]["id"]
    update = {
        "activityName": "Renamed Activity",
        "flightStop": "2100-01-01T00:00:00Z",
        "orderId": "GXK-77123",
        "budget": 100000.0,
        "targetECPM": 2.4,
        "impressionBudget": 500000,
        "overrideVariables": {"fontsize": 24, "color": "red"},
        "enabled": True,
        "geoDetails": [{"lat": 69, "long": 21, "radius": 34.5}],
        "excludeGeo": True,
    }
    create = {**update, "templateId": template, "flightStart": "2015-01-01T00:00:01.0Z"}
    made = PLAIN.post(f"{activities}/create_from_template", params=params, json=create).raise_for_status()
    activity = made.headers["Location"].rsplit("/", 1)[-1]
    plans = f"{activities}/{activity}/bidding_plan"
    plan = _json(PLAIN.get(plans, params=params))[0]["id"]
    creative = _json(PLAIN.get(f"{plans}/{plan}/creative", params=params))[0]["id"]
    return Holdings(
        {"apikey": key},
        {
            "mediaAgencyId": agency,
            "clientId": client,
            "activityId": activity,
            "biddingPlanId": plan,
            "creativeId": creative,
            "interval": "2015-01-01/2015-01-03",
            "fetch": "campaigns.activities",
            "listActivities.fetch": "biddingPlans.creatives",
            "listBiddingPlans.fetch": "creatives",
        },
        {
            "createActivityFromTemplate": create,
            "updateActivity": update,
            "createClientFromTemplate": {"name": "Example Client", "country": "SE", "currency": "EUR"},
        },
    )


def dataddo(sandbox: Sandbox, operation_id: str) -> Holdings:
    """Two services, of which one has a source; a flow of that source; a destination."""
    secrets = sandbox.secrets
    login = {"email": secrets["dataddo_email"], "password": secrets["dataddo_password"]}
    base = f"{sandbox.url}/dataddo"
    tokens = _json(PLAIN.post(f"{base}/auth", json=login))
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def make(path: str, body: Any) -> Any:
        return _json(PLAIN.post(f"{base}{path}", json=body, headers=headers))["id"]

    authorizer = {"service": "snapchat_static", "data": snapchat(sandbox)}
    service, unused = make("/services", authorizer), make("/services", authorizer)
    wanted = source_body(service)
    source = make("/connectors/snapchat/create-source", wanted)
    flow_body = {"sources": [source], "app": "google_data_studio", "label": "GDS Flow"}
    destination_body = {"label": "Mine", "o_auth_id": service, "projectId": "p", "datasetId": "d"}
    flow = make("/flows", flow_body)
    destination = make("/destinations/google_big_query", destination_body)
    schedule = {
        "sync_frequency": "day",
        "timezone": "UTC",
        "minute": "25",
        "hour": "3",
        "dayOfMonth": "1",
        "month": "1",
        "dayOfWeek": "2",
    }
    return Holdings(
        {
            "bearer": tokens["access_token"],
            "realm": str(tokens["realm_id"]),
            "provider": tokens["provider"],
        },
        {
            "/services/{id}": service,
            "createTypedService.id": "snapchat_static",
            "deleteService.id": unused,
            "/sources/{id}": source,
            "sourceId": source,
            "/flows/{id}": flow,
            "/destinations/{id}": destination,
            "createDestination.id": "google_big_query",
            "connectorName": "snapchat",
            "name": "index",
            "listActionOptions.action": "metric",
            "listActionOptionsFor.action": "organization",
        },
        {
            "authenticate": login,
            "createService": authorizer,
            "createSnapchatStaticService": authorizer,
            "createTypedService": authorizer,
            "updateService": {"label": "Mine"},
            "listActionOptionsFor": {"oAuthId": service},
            "previewConnector": wanted,
            "previewSnapchatSource": wanted,
            "createSource": wanted,
            "createSnapchatSource": wanted,
            "listSnapchatOrganizations": {"oAuthId": service},
            "listSnapchatAccounts": {"oAuthId": service, "organizationId": "org-1"},
            "listSnapchatCampaigns": {"oAuthId": service, "accountId": "acc-1"},
            "updateSource": {"label": "Mine"},
            "updateExtraction": {"storage_strategy": "clean"},
            "updateExtractionSchedule": schedule,
            "enqueueExtraction": {"dateFrom": "2026-01-01", "dateTo": "2026-01-02"},
            "deactivateExtraction": {"status": "inactive"},
            "updateSourceRequest": {"method": "POST"},
            "createFlow": flow_body,
            "previewFlow": flow_body,
            "updateFlow": {"label": "Mine"},
            "enqueueWrite": {"skipRulesValidation": True},
            "updateWriteStatus": {"status": "live"},
            "updateWriteSchedule": schedule,
            "updateWriteSettings": {"write_mode": "upsert", "unique_columns": ["stats_id"]},
            "createBigQueryDestination": destination_body,
            "createDestination": destination_body,
            "updateDestination": {"label": "Mine"},
        },
    )


def liveramp(sandbox: Sandbox, operation_id: str) -> Holdings:
    """A consent, a connection that distributes a segment, and one without a distribution manager."""
    token = liveramp_token(sandbox)
    headers = {"Authorization": f"Bearer {token}", "LR-Org-ID": "demo-org"}
    with httpx.Client(base_url=f"{sandbox.url}/liveramp/v2", headers=headers, verify=False) as client:
        consent = authorise(sandbox, client)
        attempt = start_attempt(client)
        connection = _json(client.post("/integration-connections", json=connection_body()))["id"]
        bare = _json(
            client.post("/integration-connections", json=connection_body(distributionManagerName=...))
        )["id"]
        manager = _json(client.get("/distribution-managers"))["v2/DistributionManagers"][-1]["id"]
        (distributed,) = add(client, manager, 1)
        idle = {"name": "idle", "integrationConnectionID": connection}
        spare = _json(client.post("/distribution-managers", json=idle))["id"]
    wanted = connection_body()
    del wanted["distributionManagerName"]
    changed = {name: value for name, value in wanted.items() if name != "integrationID"}
    return Holdings(
        {"serviceAccountToken": token},
        {
            "LR-Org-ID": "demo-org",
            "/v2/destinations/{id}": "1001",
            "destId": "1001",
            "/v2/destinations/{destId}/integrations/{id}": "2001",
            "/v2/integration-connections/{id}": connection,
            "deleteIntegrationConnection.id": bare,
            "/v2/oauth-connection-attempts/{id}": attempt,
            "/v2/oauth-connections/{id}": consent,
            "/v2/distribution-managers/{id}": manager,
            "deleteDistributionManager.id": spare,
            "dmId": manager,
            "/v2/distribution-managers/{dmId}/segment-configs/{id}": distributed,
            "/v2/segments/{id}": "5000000001",
            "integrationConnectionID": connection,
            "segmentIDs": ["5000000001"],
            "segmentIDs[]": ["5000000001"],
            "oAuthEndpointID": "3001",
        },
        {
            "requestAccessToken": {
                "grant_type": "password",
                "username": sandbox.secrets["liveramp_service_account"],
                "password": sandbox.secrets["liveramp_secret_key"],
                "client_id": "liveramp-api",
                "scope": "openid",
                "response_type": "token",
            },
            "createIntegrationConnection": wanted,
            "updateIntegrationConnection": changed,
            "createOAuthConnectionAttempt": {"oAuthEndpointID": "3001"},
            "createDistributionManager": {**idle, "name": "another"},
            "updateDistributionManager": {"name": "mine", "status": "ACTIVE", "expireAt": None},
            "addSegmentConfigs": [config(manager, "5000000002")],
            "removeSegmentConfigs": [{"id": distributed}],
        },
    )


def acoustic_exchange(sandbox: Sandbox, operation_id: str) -> Holdings:
    """A source with two segments, and of it an export that waits for data and one with a file to fetch."""
    database = {
        "name": "Customers",
        "id": "db1",
        "identifiers": [{"name": "email", "type": "email", "isRequired": True}],
        "attributes": [{"name": "city", "type": "String", "isRequired": False}],
    }
    registration = {
        "name": "Shop",
        "providerName": "Example",
        "endpointTypes": {
            "event": {"source": {"enabled": True}},
            "segment": {"source": {"enabled": True, "producerType": "push", "url": None}},
        },
        "marketingDatabasesDefinition": {"marketingDatabases": [database]},
    }
    segments = [{"id": 111, "name": "Win-back"}, {"id": 112, "name": "Loyal"}]
    event_type = {"name": "Purchase", "code": "purchase"}
    export = {
        "endpointID": 10001,
        "segmentID": 111,
        "destinationEndpointID": PULLED,
        "sourceIdentifiers": ["email"],
        "destinationIdentifier": "email",
        "updateIdentities": False,
        "scheduleDetails": {"runNow": True},
    }
    audience = "email\none@example.com\n"
    with acoustic_client(sandbox, "account") as account, acoustic_client(sandbox, "endpoint") as own:
        own.put("/endpoint", json=registration).raise_for_status()
        own.put("/endpoint/10001/segments", json=segments).raise_for_status()
        own.post("/eventtype", json=event_type).raise_for_status()
        ready = _json(account.post("/jobs/segmentExport", json=export))
        csv = {"Content-Type": "text/csv"}
        own.post(f"/jobs/{ready}/data", content=audience, headers=csv).raise_for_status()
        sandbox.advance(3 * STEP)
        waiting = _json(account.post("/jobs/segmentExport", json=export))
        if operation_id in ("enableEndpoint", "enableOwnEndpoint"):
            own.put("/endpoint/disable", headers={"Content-Type": "application/json"}).raise_for_status()
    import_of = {name: export[name] for name in ("endpointID", "segmentID", "scheduleDetails")}
    return Holdings(
        {
            f"{level}Key": sandbox.secrets[f"acoustic_{level}_key"]
            for level in ("account", "endpoint", "application")
        },
        {
            "endpointId": 10001,
            "segmentId": "111",
            "authKey": sandbox.secrets["acoustic_endpoint_key"],
            "jobCategory": "SEGMENT_EXPORT",
            "jobId": ready,
            "uploadJobData.jobId": waiting,
            "fileName": f"segment_{ready}.csv",
            "status": "COMPLETE",
        },
        {
            "registerEndpoint": registration,
            "registerEndpointById": registration,
            "setEndpointDatabase": {
                "endpointId": 10001,
                "databaseId": "db2",
                "marketingDatabaseName": "Customers",
            },
            "setEndpointAttributes": {"attributes": {"user": "me"}},
            "reportEndpointFailure": {"reason": "no room"},
            "addSegments": [{"id": 113, "name": "New"}],
            "replaceSegments": segments,
            "exportSegment": export,
            "importIdentities": import_of,
            "uploadJobData": audience,
            "sendEvents": {
                "channel": "web",
                "identifiers": [{"name": "email", "value": "one@example.com"}],
                "events": [{"code": "purchase", "timestamp": "2026-01-01T00:00:00Z"}],
            },
            "createEventType": {**event_type, "code": "refund"},
            "updateEventType": event_type,
        },
    )


# By operationId something may have to be otherwise: only an endpoint that was disabled can be enabled.
HOLDINGS: dict[str, Callable[[Sandbox, str], Holdings]] = {
    "acoustic_exchange": acoustic_exchange,
    "dataddo": dataddo,
    "delta_projects": delta_projects,
    "liveramp": liveramp,
}


def _json(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()
