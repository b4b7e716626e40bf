"""The Delta Projects DSP API, v1: endpoints and what goes in and out.

Documents: the vendor's pages of 2019 to 2022, of which "Activity" is known whole and the others in part.
Version 1 is frozen, and no page names a host.
"""

from airflow_provider_activation.api.delta_projects.activities import *
from airflow_provider_activation.api.delta_projects.bidding import *
from airflow_provider_activation.api.delta_projects.clients import *
from airflow_provider_activation.api.delta_projects.common import *
