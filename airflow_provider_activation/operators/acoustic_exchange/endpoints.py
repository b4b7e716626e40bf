"""Operators for Acoustic Exchange: endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import one_of, places_in_a_connection, whole_number
from airflow_provider_activation.tasks import AcousticExchangeTask
from airflow_provider_activation.words import HASH_ALGORITHMS
from airflow_provider_activation.operators.base import JSON, ActionOperator, DeleteOperator

if TYPE_CHECKING:
    from airflow_provider_activation.api import acoustic_exchange as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.api.steps import Steps


__all__ = [
    "AcousticExchangeDeleteEndpointOperator",
    "AcousticExchangeDisableEndpointOperator",
    "AcousticExchangeEnableEndpointOperator",
    "AcousticExchangeRegisterEndpointOperator",
    "AcousticExchangeReportEndpointFailureOperator",
    "AcousticExchangeSetEndpointAttributesOperator",
    "AcousticExchangeSetEndpointDatabaseOperator",
]


class AcousticExchangeRegisterEndpointOperator(AcousticExchangeTask, ActionOperator):
    """Register an endpoint, or describe a registered one anew.

    May be run any number of times; a description replaces the one before, and an endpoint type left out
    is switched off. Returns ``{"endpointId": ..., "name": ...}``. Documents: "PUT /v1/endpoint" (with the
    endpoint's own key) and "PUT /v1/endpoint/{endpointId}" (with the account's).

    .. code-block:: python

        register = AcousticExchangeRegisterEndpointOperator(
            task_id="register",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            name="Shop",
            provider_name="Example",
            endpoint_types={"segment": {"source": {"enabled": True, "producerType": "push"}}},
        )

    :param name: name of the business application (templated).
    :param provider_name: name of the endpoint's provider (templated).
    :param endpoint_types: what the endpoint is, in the vendor's own field names, for example
        ``{"segment": {"source": {"enabled": True, "producerType": "push"}}}``.
    :param endpoint_id: the endpoint, with an account's key; left out with the endpoint's own (templated).
    :param description: what the endpoint is for (templated).
    :param url: where Acoustic Exchange pushes data to (templated).
    :param hash_algorithm: how identities are hashed, for example ``SHA256``.
    :param marketing_databases_definition: identifiers and attributes, in the vendor's own field names.
    :param notification_key: key for subscription notifications.
    """

    template_fields = (
        *AcousticExchangeTask.template_fields,
        "name",
        "provider_name",
        "endpoint_id",
        "description",
        "url",
    )
    outputs = ("endpointId",)

    def __init__(
        self,
        *,
        name: str,
        provider_name: str,
        endpoint_types: Mapping[str, Any],
        endpoint_id: int | str | None = None,
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
        self.endpoint_id = endpoint_id
        self.description = description
        self.url = url
        self.hash_algorithm = hash_algorithm and one_of("hash_algorithm", hash_algorithm, HASH_ALGORITHMS)
        self.marketing_databases_definition = marketing_databases_definition
        self.notification_key = notification_key
        self._refuse_unfit_types()

    def _refuse_unfit_types(self) -> None:
        # loads the service's models: endpoints are registered in few DAGs
        from airflow_provider_activation.api import acoustic_exchange as api

        api.EndpointTypes.model_validate(self.endpoint_types)
        if self.marketing_databases_definition is not None:
            api.MarketingDatabasesDefinition.model_validate(self.marketing_databases_definition)

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api
        from airflow_provider_activation.errors import UnreadableResponse

        registration = api.EndpointRegistration.model_validate(
            {name: getattr(self, name) for name in api.EndpointRegistration.model_fields}
        )
        given_id = None if self.endpoint_id is None else whole_number("endpoint_id", self.endpoint_id)
        answer = await api.register_endpoint(registration, given_id)
        endpoint_id = given_id or answer.endpoint_id
        if endpoint_id is None:
            # what a registration answers is not documented; the key's own endpoint can be asked for
            endpoints = await api.list_endpoints()
            own = [endpoint for endpoint in endpoints if endpoint.name == self.name and endpoint.endpoint_id]
            if len(own) != 1:
                raise UnreadableResponse(
                    "the endpoint was registered, but no answer says under which id.",
                    service=api.SERVICE,
                    operation="register_endpoint",
                )
            endpoint_id = whole_number("endpointId", own[0].endpoint_id or "")
        return {"endpointId": endpoint_id, "name": self.name}


class AcousticExchangeEndpointOperator(AcousticExchangeTask, ActionOperator):
    """An action on one endpoint.

    :param endpoint_id: the endpoint, with an account's key; left out with the endpoint's own (templated).
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id")

    def __init__(self, *, endpoint_id: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id

    @property
    def given_id(self) -> int | None:
        """The endpoint's id as a number; None for the key's own.

        :raises InvalidRequest: it is no whole number.
        """
        return None if self.endpoint_id is None else whole_number("endpoint_id", self.endpoint_id)


class AcousticExchangeEnableEndpointOperator(AcousticExchangeEndpointOperator):
    """Enable an endpoint. Returns ``{"endpointId": ..., "changed": ...}``; false if it was enabled before.

    Documents: "PUT /v1/endpoint/enable" and "PUT /v1/endpoint/enable/{endpointId}".

    .. code-block:: python

        enable = AcousticExchangeEnableEndpointOperator(task_id="enable", endpoint_id=10001)
    """

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        changed = await api.enable_endpoint(self.given_id)
        return {"endpointId": self.given_id, "changed": changed}


class AcousticExchangeDisableEndpointOperator(AcousticExchangeEndpointOperator):
    """Disable an endpoint. Returns ``{"endpointId": ..., "changed": ...}``; false if it was disabled before.

    Documents: "PUT /v1/endpoint/disable" and "PUT /v1/endpoint/disable/{endpointId}".

    .. code-block:: python

        disable = AcousticExchangeDisableEndpointOperator(task_id="disable", endpoint_id=10001)
    """

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        changed = await api.disable_endpoint(self.given_id)
        return {"endpointId": self.given_id, "changed": changed}


class AcousticExchangeDeleteEndpointOperator(AcousticExchangeTask, DeleteOperator):
    """Delete an endpoint. Returns ``{"endpointId": ...}``.

    Documents: "DELETE /v1/endpoint" and "DELETE /v1/endpoint/{endpointId}".

    .. code-block:: python

        delete = AcousticExchangeDeleteEndpointOperator(task_id="delete", endpoint_id=10001)

    :param endpoint_id: the endpoint, with an account's key; left out with the endpoint's own (templated).
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id")

    def __init__(self, *, endpoint_id: int | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id

    def delete(self) -> Call[Any]:
        from airflow_provider_activation.api import acoustic_exchange as api

        return api.delete_endpoint(self._given_id)

    @property
    def result(self) -> JSON:
        return {"endpointId": self._given_id}

    @property
    def _given_id(self) -> int | None:
        return None if self.endpoint_id is None else whole_number("endpoint_id", self.endpoint_id)


class AcousticExchangeSetEndpointDatabaseOperator(AcousticExchangeTask, ActionOperator):
    """Say which database belongs to an endpoint. Needs the endpoint's own or an application's key.

    May be run any number of times. Returns ``{"endpointId": ..., "databaseId": ...}``. Document: "PUT
    /v1/endpoint/database".

    .. code-block:: python

        database = AcousticExchangeSetEndpointDatabaseOperator(
            task_id="database", acoustic_exchange_conn_id="acoustic_exchange_endpoint", database_id="db-1"
        )

    :param database_id: the database (templated).
    :param endpoint_id: the endpoint; required with an application's key (templated).
    :param marketing_database_name: which of the endpoint's databases, where it has several (templated).
    """

    template_fields = (
        *AcousticExchangeTask.template_fields,
        "database_id",
        "endpoint_id",
        "marketing_database_name",
    )

    def __init__(
        self,
        *,
        database_id: str,
        endpoint_id: int | str | None = None,
        marketing_database_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.database_id = database_id
        self.endpoint_id = endpoint_id
        self.marketing_database_name = marketing_database_name

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        endpoint_id = None if self.endpoint_id is None else whole_number("endpoint_id", self.endpoint_id)
        await api.set_endpoint_database(
            api.EndpointDatabase(
                database_id=self.database_id,
                endpoint_id=endpoint_id,
                marketing_database_name=self.marketing_database_name,
            )
        )
        return {"endpointId": endpoint_id, "databaseId": self.database_id}


class AcousticExchangeSetEndpointAttributesOperator(AcousticExchangeTask, ActionOperator):
    """Say how Exchange logs in at the key's own endpoint. Needs the endpoint's own key.

    Replaces what was set before; Exchange reads it at night, so that it takes effect the next day. Returns
    ``{"attributes": [...]}``, the names. Document: "PUT /v1/endpointattributes/authkey/{authKey}".

    .. code-block:: python

        attributes = AcousticExchangeSetEndpointAttributesOperator(
            task_id="attributes",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            attributes={"user": "exchange"},
            credentials_conn_id="our_database",
            credentials={"password": "password"},
        )

    :param attributes: names and values that are no secrets (templated).
    :param credentials_conn_id: a second Airflow connection that holds the secret values (templated).
    :param credentials: which field of that connection is sent as which attribute: ``login``, ``password``
        or ``extra.<name>``.
    """

    template_fields = (*AcousticExchangeTask.template_fields, "attributes", "credentials_conn_id")

    def __init__(
        self,
        *,
        attributes: Mapping[str, str] | None = None,
        credentials_conn_id: str | None = None,
        credentials: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attributes = attributes
        self.credentials_conn_id = credentials_conn_id
        self.credentials = places_in_a_connection("credentials", credentials or {})
        if bool(self.credentials) != bool(credentials_conn_id):
            raise ValueError("credentials and credentials_conn_id must be given together.")
        if not attributes and not self.credentials:
            raise ValueError("attributes or credentials must be given.")

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        attributes = dict(self.attributes or {})
        if self.credentials_conn_id:
            attributes |= self.hook.secrets_of(self.credentials_conn_id, self.credentials)
        await api.set_endpoint_attributes(self.hook.authentication_key, attributes)
        return {"attributes": sorted(attributes)}


class AcousticExchangeReportEndpointFailureOperator(AcousticExchangeTask, ActionOperator):
    """Say that an endpoint could not be provisioned. Needs the endpoint's own key.

    Returns ``{"endpointId": ..., "status": ...}``, the status as the service gives it afterwards.
    Document: "PUT /v1/endpoint/{endpoint_id}/reportfailure".

    .. code-block:: python

        report = AcousticExchangeReportEndpointFailureOperator(
            task_id="report",
            acoustic_exchange_conn_id="acoustic_exchange_endpoint",
            endpoint_id=10001,
            reason="The database is not reachable.",
        )

    :param endpoint_id: the endpoint (templated).
    :param reason: why, at most 512 bytes of UTF-8; users of Exchange see the failure, not the reason
        (templated).
    """

    template_fields = (*AcousticExchangeTask.template_fields, "endpoint_id", "reason")

    def __init__(self, *, endpoint_id: int | str, reason: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_id = endpoint_id
        self.reason = reason

    async def steps(self) -> JSON:
        from airflow_provider_activation.api import acoustic_exchange as api

        endpoint_id = whole_number("endpoint_id", self.endpoint_id)
        await api.report_endpoint_failure(endpoint_id, self.reason)
        return {"endpointId": endpoint_id, "status": (await api.get_endpoint_status(endpoint_id))}
