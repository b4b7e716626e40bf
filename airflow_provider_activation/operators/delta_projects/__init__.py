"""Operators for Delta Projects."""

from airflow_provider_activation.operators.delta_projects.activities import *
