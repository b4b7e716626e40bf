"""Operators for LiveRamp."""

from airflow_provider_activation.operators.liveramp.connections import *
from airflow_provider_activation.operators.liveramp.distribution import *
