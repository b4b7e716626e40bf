"""Operators for LiveRamp."""

from airflow_provider_activation.operators.liveramp.authorization import *
from airflow_provider_activation.operators.liveramp.connections import *
from airflow_provider_activation.operators.liveramp.distribution import *
