"""The LiveRamp Activation API, v2: endpoints and what goes in and out.

Documents: the vendor's description of the Activation API 2.9.0, all 26 operations, its page "Configure
Distributions" and its pages on authentication. Where they disagree the docstring says so.
"""

from airflow_provider_activation.api.liveramp.common import *
from airflow_provider_activation.api.liveramp.connections import *
from airflow_provider_activation.api.liveramp.segments import *
