"""Links that Airflow shows beside a task."""
