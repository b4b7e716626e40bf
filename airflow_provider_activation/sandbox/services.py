"""The four services, on one port."""

from __future__ import annotations

from airflow_provider_activation.sandbox.acoustic_exchange.service import AcousticExchange
from airflow_provider_activation.sandbox.core.server import Server
from airflow_provider_activation.sandbox.core.service import Service
from airflow_provider_activation.sandbox.dataddo.service import Dataddo
from airflow_provider_activation.sandbox.delta_projects.service import DeltaProjects
from airflow_provider_activation.sandbox.liveramp.service import LiveRamp

SERVICES: tuple[type[Service], ...] = (LiveRamp, AcousticExchange, DeltaProjects, Dataddo)


class Sandbox(Server):
    """The four services on one port, from `start` (or ``with``) until `stop`."""

    service_types = SERVICES
