"""Activate audiences on LiveRamp, Acoustic Exchange, Delta Projects and Dataddo from Apache Airflow.

This module imports nothing: Airflow reads the package's metadata at start-up, before its own
SDK is ready to be imported.
"""

__version__ = "0.1.0"
