"""An Airflow connection made into a transport, and each endpoint as a method."""
