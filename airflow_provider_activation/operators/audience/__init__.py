"""Operators for audiences: prepare the file that a destination takes, check it, and delete it afterwards."""

from airflow_provider_activation.operators.audience.check import *
from airflow_provider_activation.operators.audience.delete import *
from airflow_provider_activation.operators.audience.prepare import *
