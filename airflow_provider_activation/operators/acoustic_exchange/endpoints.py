"""Operators for Acoustic Exchange: endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_activation.arguments import (
    FILLED,
    ID,
    NAMED_TEXTS,
    NUMBER_ID,
    PLACES,
    STRUCTURE,
    TEXT,
    word,
)
from airflow_provider_activation.operators.base import ActionOperator, ActivationOperator, DeleteOperator
from airflow_provider_activation.tasks import JSON, AcousticExchangeTask, of_a_base
from airflow_provider_activation.wording import counted
from airflow_provider_activation.words import HASH_ALGORITHMS

__all__ = [
    "AcousticExchangeDeleteEndpointOperator",
    "AcousticExchangeDisableEndpointOperator",
    "AcousticExchangeEnableEndpointOperator",
    "AcousticExchangeRegisterEndpointOperator",
    "AcousticExchangeReportEndpointFailureOperator",
    "AcousticExchangeSetEndpointAttributesOperator",
    "AcousticExchangeSetEndpointDatabaseOperator",
]


class AcousticExchangeEndpointOperator(AcousticExchangeTask, ActivationOperator):
    """An operator for one endpoint.

    :param endpoint_id: the endpoint, with the account's key; left out with the endpoint's own (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    """

    arguments = {"endpoint_id": NUMBER_ID | None}
    id_argument = "endpoint_id"

    @of_a_base
    def __init__(
        self,
        *,
        endpoint_id: int | str | None = None,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    @property
    def resource_id(self) -> int | None:
        """The endpoint's id as a number."""
        return None if self.endpoint_id is None else int(self.endpoint_id)

    @property
    def _which(self) -> str:
        return "the key's endpoint" if self.endpoint_id is None else f"endpoint {self.endpoint_id}"


class AcousticExchangeRegisterEndpointOperator(AcousticExchangeEndpointOperator, ActionOperator):
    """Register an endpoint, or replace its description. Returns ``{"endpointId": ..., "name": ...}``.

    May be run any number of times. An endpoint type that is left out is switched off. Documents: "PUT
    /v1/endpoint" (with the endpoint's own key) and "PUT /v1/endpoint/{endpointId}" (with the account's).

    .. code-block:: python

        register = AcousticExchangeRegisterEndpointOperator(
            task_id="register",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            name="Shop",
            provider_name="Example",
            endpoint_types={"segment": {"source": {"enabled": True, "producerType": "push"}}},
        )

    :param name: the name of the business application (templated).
    :param provider_name: the name of the endpoint's provider (templated).
    :param endpoint_types: the types of the endpoint, with the vendor's own field names; what is left out is
        switched off. An endpoint is a source or a destination of audiences, not both (templated).
    :param description: the purpose of the endpoint (templated).
    :param url: the address to which Acoustic Exchange pushes data (templated).
    :param hash_algorithm: the algorithm that hashes identities, for example ``SHA256`` (templated).
    :param marketing_databases_definition: identifiers and attributes, with the vendor's own field names
        (templated).
    :param notification_key: the key for subscription notifications (templated).
    :raises InvalidRequest: a field is wrong: refused when the DAG is parsed, or by the service.
    :raises Refused: the service accepted the description and shows another.
    """

    arguments = {
        "name": FILLED,
        "provider_name": FILLED,
        "endpoint_types": STRUCTURE | None,
        "description": TEXT | None,
        "url": FILLED | None,
        "hash_algorithm": word(*HASH_ALGORITHMS) | None,
        "marketing_databases_definition": STRUCTURE | None,
        "notification_key": TEXT | None,
    }
    outputs = ("endpointId",)

    def __init__(
        self,
        *,
        name: str,
        provider_name: str,
        endpoint_types: Mapping[str, Any] | None = None,
        description: str | None = None,
        url: str | None = None,
        hash_algorithm: str | None = None,
        marketing_databases_definition: Mapping[str, Any] | None = None,
        notification_key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.provider_name = provider_name
        self.endpoint_types = endpoint_types
        self.description = description
        self.url = url
        self.hash_algorithm = hash_algorithm
        self.marketing_databases_definition = marketing_databases_definition
        self.notification_key = notification_key

    def check(self) -> None:
        # this loads the service's models, but few DAGs register endpoints
        from airflow_provider_activation.api import acoustic_exchange as api

        self.check_inside("endpoint_types", api.EndpointTypes.model_validate)
        definition = "marketing_databases_definition"
        self.check_inside(definition, api.MarketingDatabasesDefinition.model_validate)

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import acoustic_exchange as actions
        from airflow_provider_activation.api import acoustic_exchange as api

        given = self.given(api.EndpointRegistration.model_fields)
        registration = api.EndpointRegistration.model_validate(given)
        endpoint_id = await actions.register(registration, self.resource_id)
        return {"endpointId": endpoint_id, "name": self.name}

    def intent(self) -> str:
        return f"endpoint {self.name!r} would be registered"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": made if self.endpoint_id is None else self.endpoint_id, "name": self.name}

    def summary(self, result: JSON) -> str:
        return f"Registered endpoint {result['endpointId']} ({self.name!r})."


class AcousticExchangeSwitch(AcousticExchangeEndpointOperator, ActionOperator):
    """An operator that enables or disables an endpoint."""

    switches: ClassVar[str]
    """The name of the endpoint of the API that does."""
    switched: ClassVar[str]
    """What the endpoint is afterwards."""

    async def steps(self) -> JSON:
        changed = await self.endpoint(self.switches)(self.resource_id)
        return {"endpointId": self.resource_id, "changed": changed}

    def intent(self) -> str:
        return f"{self._which} would be {self.switched}"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id, "changed": True}

    def summary(self, result: JSON) -> str:
        which = self._which[0].upper() + self._which[1:]
        return f"{which} is {self.switched}{'' if result['changed'] else ', as it was before'}."


class AcousticExchangeEnableEndpointOperator(AcousticExchangeSwitch):
    """Enable an endpoint. Returns ``{"endpointId": ..., "changed": ...}``, false if it was enabled before.

    May be run any number of times. Documents: "PUT /v1/endpoint/enable" and "PUT
    /v1/endpoint/enable/{endpointId}".

    .. code-block:: python

        enable = AcousticExchangeEnableEndpointOperator(task_id="enable", endpoint_id=10001)
    """

    switches = "enable_endpoint"
    switched = "enabled"


class AcousticExchangeDisableEndpointOperator(AcousticExchangeSwitch):
    """Disable an endpoint. Returns ``{"endpointId": ..., "changed": ...}``, false if it was disabled before.

    May be run any number of times. Documents: "PUT /v1/endpoint/disable" and "PUT
    /v1/endpoint/disable/{endpointId}".

    .. code-block:: python

        disable = AcousticExchangeDisableEndpointOperator(task_id="disable", endpoint_id=10001)
    """

    switches = "disable_endpoint"
    switched = "disabled"


class AcousticExchangeDeleteEndpointOperator(AcousticExchangeEndpointOperator, DeleteOperator):
    """Delete an endpoint. Returns ``{"endpointId": ...}``.

    Documents: "DELETE /v1/endpoint" and "DELETE /v1/endpoint/{endpointId}".

    .. code-block:: python

        delete = AcousticExchangeDeleteEndpointOperator(task_id="delete", endpoint_id=10001)
    """

    deletes = "delete_endpoint"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id}

    @property
    def result(self) -> JSON:
        return {"endpointId": self.resource_id}


class AcousticExchangeSetEndpointDatabaseOperator(AcousticExchangeEndpointOperator, ActionOperator):
    """Set the database of an endpoint. Returns ``{"endpointId": ..., "databaseId": ...}``.

    May be run any number of times, with the endpoint's own key or an application's. Document: "PUT
    /v1/endpoint/database".

    .. code-block:: python

        database = AcousticExchangeSetEndpointDatabaseOperator(
            task_id="database", acoustic_exchange_conn_id="acoustic_exchange_endpoint", database_id="db-1"
        )

    :param database_id: the database (templated).
    :param endpoint_id: the endpoint; required with an application's key (templated).
    :param marketing_database_name: the name of the database, if the endpoint has several (templated).
    :raises Refused: the service accepted the database and shows another; an application's key cannot read it.
    """

    arguments = {"database_id": ID, "marketing_database_name": FILLED | None}

    def __init__(
        self, *, database_id: str, marketing_database_name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.database_id = database_id
        self.marketing_database_name = marketing_database_name

    async def steps(self) -> JSON:
        from airflow_provider_activation.actions import acoustic_exchange as actions
        from airflow_provider_activation.api import acoustic_exchange as api

        database = api.EndpointDatabase(
            database_id=self.database_id,
            endpoint_id=self.resource_id,
            marketing_database_name=self.marketing_database_name,
        )
        await actions.set_database(database)
        return {"endpointId": database.endpoint_id, "databaseId": self.database_id}

    def intent(self) -> str:
        return f"the database of {self._which} would be set to {self.database_id}"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id, "databaseId": self.database_id}

    def summary(self, result: JSON) -> str:
        return f"Set the database of {self._which} to {self.database_id}."


class AcousticExchangeSetEndpointAttributesOperator(AcousticExchangeTask, ActionOperator):
    """Set the attributes with which Acoustic Exchange logs in at an endpoint. Needs the endpoint's own key.

    May be run any number of times and replaces all attributes. Acoustic Exchange reads them at
    night, so that they take effect the next day. Returns ``{"attributes": [...]}``, the names.
    Document: "PUT /v1/endpointattributes/authkey/{authKey}".

    .. code-block:: python

        attributes = AcousticExchangeSetEndpointAttributesOperator(
            task_id="attributes",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            attributes={"user": "exchange"},
            credentials_conn_id="our_database",
            credentials={"password": "password"},
        )

    :param attributes: attributes that are not secret (templated).
    :param credentials_conn_id: the id of a second Airflow connection, with the secret values (templated).
    :param credentials: for each secret attribute the field of ``credentials_conn_id`` that holds it:
        ``login``, ``password`` or ``extra.<name>`` (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    """

    arguments = {
        "attributes": NAMED_TEXTS | None,
        "credentials_conn_id": FILLED | None,
        "credentials": PLACES | None,
    }

    def __init__(
        self,
        *,
        attributes: Mapping[str, str] | None = None,
        credentials_conn_id: str | None = None,
        credentials: Mapping[str, str] | None = None,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.credentials_conn_id = credentials_conn_id
        self.credentials = credentials
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    def check(self) -> None:
        if bool(self.credentials) != bool(self.credentials_conn_id):
            raise ValueError("credentials and credentials_conn_id must be given together.")
        if not self.attributes and not self.credentials:
            raise ValueError("attributes or credentials must be given.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        attributes = dict(self.attributes or {})
        if self.credentials_conn_id:
            attributes |= self.hook.secrets_of(self.credentials_conn_id, self.credentials or {})
        await api.set_endpoint_attributes(self.hook.authentication_key, attributes)
        return {"attributes": sorted(attributes)}

    def intent(self) -> str:
        attributes = counted(self.simulated(None)["attributes"], "attribute")
        return f"{attributes} of the key's endpoint would be set"

    def simulated(self, made: JSON) -> JSON:
        return {"attributes": sorted({*(self.attributes or ()), *(self.credentials or ())})}

    def summary(self, result: JSON) -> str:
        return f"Set {counted(result['attributes'], 'attribute')} of the key's endpoint, from tomorrow on."


class AcousticExchangeReportEndpointFailureOperator(AcousticExchangeTask, ActionOperator):
    """Report that an endpoint could not be provisioned. Needs the endpoint's own key.

    May be run any number of times. Returns ``{"endpointId": ..., "status": ...}``, with the status
    of the endpoint afterwards. Document: "PUT /v1/endpoint/{endpoint_id}/reportfailure".

    .. code-block:: python

        report = AcousticExchangeReportEndpointFailureOperator(
            task_id="report",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            reason="The database is not reachable.",
        )

    :param endpoint_id: the endpoint (templated).
    :param reason: at most 512 bytes of UTF-8; users see the failure, not the reason (templated).
    :param acoustic_exchange_conn_id: the connection's id (templated).
    """

    arguments = {"endpoint_id": NUMBER_ID, "reason": FILLED}

    def __init__(
        self,
        *,
        endpoint_id: int | str,
        reason: str,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.reason = reason
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        endpoint_id = int(self.endpoint_id)
        await api.report_endpoint_failure(endpoint_id, self.reason)
        return {"endpointId": endpoint_id, "status": await api.get_endpoint_status(endpoint_id)}

    def intent(self) -> str:
        return f"the failure of endpoint {self.endpoint_id} would be reported"

    def simulated(self, made: JSON) -> JSON:
        return {"endpointId": self.endpoint_id, "status": None}

    def summary(self, result: JSON) -> str:
        return f"Reported the failure of endpoint {result['endpointId']}, which is {result['status']} now."
