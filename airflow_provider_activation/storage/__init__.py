"""Files and folders: on the worker, or on object storage and servers through an Airflow connection.

Importing this loads no file system; using a place that is not on the worker does.
"""

from airflow_provider_activation.storage.place import Place, check_place, is_path, place_of, written

__all__ = ["Place", "check_place", "is_path", "place_of", "written"]
