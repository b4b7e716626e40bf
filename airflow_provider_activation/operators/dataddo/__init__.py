"""Operators for Dataddo."""

from airflow_provider_activation.operators.dataddo.flows import *
from airflow_provider_activation.operators.dataddo.runs import *
