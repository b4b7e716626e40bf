"""Operators for Acoustic Exchange."""

from airflow_provider_activation.operators.acoustic_exchange.endpoints import *
from airflow_provider_activation.operators.acoustic_exchange.jobs import *
from airflow_provider_activation.operators.acoustic_exchange.segments import *
