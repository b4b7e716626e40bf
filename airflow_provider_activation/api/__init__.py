"""What each service's API is: pure values. No I/O, no Airflow."""
