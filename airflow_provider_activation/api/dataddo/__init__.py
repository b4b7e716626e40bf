"""The Dataddo headless API, v1: its endpoints, and the values they take and return.

Documents: the vendor's "End-to-end Example", its description of the headless beta API, and its pages
on backfilling and on date ranges. No document describes an error response.

Out of scope are certificates, API tokens, members and invitations, which belong to whoever administers
the account.
"""

from airflow_provider_activation.api.dataddo.common import *
from airflow_provider_activation.api.dataddo.flows import *
from airflow_provider_activation.api.dataddo.services import *
from airflow_provider_activation.api.dataddo.sources import *
from airflow_provider_activation.api.dataddo.values import *
