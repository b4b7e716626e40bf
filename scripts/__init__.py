"""What ``make`` runs: the demo, the local Airflow, the constraints. Not part of the package."""
