"""The Acoustic Exchange API, v1: its endpoints, request bodies and resources.

Documents: "Account-level API" and "Endpoint-level API" of the vendor, and its pages on jobs, events and
identity filters. They contradict themselves in places; the docstrings say what is sent and why.

Out of scope are the calls that providers implement and Acoustic Exchange makes: GET /v1/segments,
/v1/segments/{id} and /v1/segments/{id}/data, POST /v1/segments, POST and PUT /v1/segments/{id}/data, POST
/v1/jobs, GET /v1/jobs/{id} and /v1/jobs/{id}/data/{id}. So are applications, which a vendor's partner
manages and not an account.
"""

from airflow_provider_activation.api.acoustic_exchange.common import *
from airflow_provider_activation.api.acoustic_exchange.endpoints import *
from airflow_provider_activation.api.acoustic_exchange.events import *
from airflow_provider_activation.api.acoustic_exchange.jobs import *
from airflow_provider_activation.api.acoustic_exchange.segments import *
