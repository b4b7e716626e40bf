"""How a call travels: authentication, retries by safety class, redaction. No other package imports httpx.

One `Transport` serves one Airflow connection in one process. It keeps open connections for its threads and
for each event loop, and one token for all of them.
"""

from airflow_provider_activation.transport.loops import PerLoop
from airflow_provider_activation.transport.settings import ConnectionSettings
from airflow_provider_activation.transport.transport import Transport

__all__ = ["ConnectionSettings", "PerLoop", "Transport"]
