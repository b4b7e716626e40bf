"""The package as it is installed: what Airflow reads of it, what it imports, and what its wheel holds."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from provided_classes import public_classes

from airflow_provider_activation.get_provider_info import get_provider_info
from airflow_provider_activation.operators.base import SubmittingOperator

ROOT = Path(__file__).parent.parent
PACKAGE = "airflow_provider_activation"
CONNECTION_TYPES = {"liveramp", "acoustic_exchange", "delta_projects", "dataddo"}
UI_FIELDS = {"description", "host", "schema", "login", "password", "port", "extra"}


def run_python(home: Path, *arguments: str) -> str:
    """What a fresh interpreter prints, with an Airflow home of its own."""
    environment = os.environ | {"AIRFLOW_HOME": str(home), "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def newly_imported(home: Path, before: str, then: str) -> set[str]:
    """The modules that some code loads, after other code has run."""
    code = (
        f"{before}\nimport sys\nseen = set(sys.modules)\n{then}\n"
        "import json\nprint(json.dumps(sorted(set(sys.modules) - seen)))"
    )
    return set(json.loads(run_python(home, "-c", code).splitlines()[-1]))


def top_level(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def named_modules(info: dict[str, Any]) -> Iterator[str]:
    for kind in ("operators", "sensors", "hooks", "triggers"):
        for entry in info.get(kind, []):
            yield from entry["python-modules"]


def named_classes(info: dict[str, Any]) -> Iterator[str]:
    yield from (connection["hook-class-name"] for connection in info["connection-types"])
    yield from info.get("extra-links", [])
    yield from info.get("notifications", [])


# what Airflow reads


def test_the_metadata_loads_nothing(tmp_path: Path) -> None:
    loaded = newly_imported(
        tmp_path,
        "",
        f"from {PACKAGE}.get_provider_info import get_provider_info; get_provider_info()",
    )
    assert {module for module in loaded if module.startswith(PACKAGE)} == {
        PACKAGE,
        f"{PACKAGE}.get_provider_info",
    }
    assert not top_level(loaded) & {"airflow", "httpx", "pydantic", "pendulum"}


def test_the_metadata_is_valid() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


# What Airflow asks of its own providers' `provider.yaml` beyond what it reads of an installed one, and what
# only who releases those writes there.
OF_RELEASES = {"state": "ready", "source-date-epoch": 0, "versions": ["0.1.0"]}


def test_the_metadata_is_as_strict_as_that_of_airflows_own_providers() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(files("airflow").joinpath("provider.yaml.schema.json").read_text())
    info = deepcopy(get_provider_info())
    if "conn-fields" not in schema["properties"]["connection-types"]["items"]["properties"]:
        # Airflow before 3.2 does not know of forms in the metadata, and leaves them alone
        for connection in info["connection-types"]:
            assert connection.pop("conn-fields")
            assert connection.pop("ui-field-behaviour")
    errors = jsonschema.validators.validator_for(schema)(schema).iter_errors(info | OF_RELEASES)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_each_integration_says_where_its_service_is_described() -> None:
    addresses = [entry["external-doc-url"] for entry in get_provider_info()["integrations"]]
    assert all(address.startswith("https://") for address in addresses)
    assert len(set(addresses)) == len(addresses)


def test_the_installed_package_names_the_metadata() -> None:
    [entry] = distribution("airflow-provider-activation").entry_points.select(group="apache_airflow_provider")
    assert entry.load() is get_provider_info
    assert get_provider_info()["package-name"] == distribution("airflow-provider-activation").name


@pytest.mark.parametrize("module", sorted(set(named_modules(get_provider_info()))))
def test_a_named_module_exists(module: str) -> None:
    importlib.import_module(module)


@pytest.mark.parametrize("path", sorted(set(named_classes(get_provider_info()))))
def test_a_named_class_exists(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), name), type)


@pytest.mark.parametrize("kind", list(public_classes()), ids=lambda kind: kind.__name__)
def test_what_makes_a_resource_at_most_once_has_the_registrys_mark_of_durable_execution(kind: type) -> None:
    mark = f"_{kind.__name__}__supports_durable_execution"
    assert vars(kind).get(mark, False) == issubclass(kind, SubmittingOperator)


@pytest.mark.parametrize("kind", ["operators", "sensors", "hooks", "triggers"])
def test_no_module_is_left_out_of_the_metadata(kind: str) -> None:
    info = get_provider_info()
    named = {module for entry in info[kind] for module in entry["python-modules"]}
    # a service is a module, or a package with a file for each subject; audiences are of no service
    subjects = {connection["connection-type"] for connection in info["connection-types"]} | {"audience"}
    exist = {
        f"{PACKAGE}.{kind}.{file.stem}" for file in (ROOT / PACKAGE / kind).iterdir() if file.stem in subjects
    }
    assert named == exist


def test_every_integration_is_declared() -> None:
    info = get_provider_info()
    declared = {entry["integration-name"] for entry in info["integrations"]}
    kinds = ("operators", "sensors", "hooks", "triggers")
    used = {entry["integration-name"] for kind in kinds for entry in info[kind]}
    assert used == declared


# the connection form


@pytest.mark.parametrize("connection", get_provider_info()["connection-types"], ids=lambda c: c["hook-name"])
class TestConnectionForm:
    """What Airflow's form needs to know of a connection type."""

    def test_the_hook_agrees(self, connection: dict[str, Any]) -> None:
        module, _, name = connection["hook-class-name"].rpartition(".")
        hook = getattr(importlib.import_module(module), name)
        assert hook.conn_type == connection["connection-type"]
        assert hook.hook_name == connection["hook-name"]
        assert hook.default_conn_name == f"{hook.conn_type}_default"
        assert hook.conn_name_attr == f"{hook.conn_type}_conn_id"

    def test_each_field_has_a_label_and_a_schema(self, connection: dict[str, Any]) -> None:
        jsonschema = pytest.importorskip("jsonschema")
        for field in connection["conn-fields"].values():
            assert set(field) <= {"label", "description", "schema"}
            assert field["label"]
            jsonschema.Draft202012Validator.check_schema(field["schema"])
            types = field["schema"]["type"]
            assert set([types] if isinstance(types, str) else types) <= {
                "string",
                "integer",
                "number",
                "boolean",
                "null",
            }

    def test_a_field_has_a_star_if_it_must_be_given(self, connection: dict[str, Any]) -> None:
        """Airflow's pages give one to each field that may not be null."""
        for name, field in connection["conn-fields"].items():
            has_star = "null" not in field["schema"]["type"]
            assert has_star == ("required" in field["description"]), name

    def test_the_hook_tells_older_airflows_the_same(self, connection: dict[str, Any]) -> None:
        module, _, name = connection["hook-class-name"].rpartition(".")
        behaviour = getattr(importlib.import_module(module), name).get_ui_field_behaviour()
        assert set(behaviour) == {"hidden_fields", "relabeling", "placeholders"}
        assert set(behaviour["hidden_fields"]) <= UI_FIELDS
        assert set(behaviour["relabeling"]) <= UI_FIELDS
        declared = connection["ui-field-behaviour"]
        assert behaviour == {key.replace("-", "_"): value for key, value in declared.items()}


def test_airflow_lists_the_provider_and_its_connection_types(tmp_path: Path) -> None:
    code = (
        "import json\n"
        "from airflow.providers_manager import ProvidersManager\n"
        "manager = ProvidersManager()\n"
        "hooks = {name: hook.hook_class_name for name, hook in manager.hooks.items() if hook}\n"
        "print(json.dumps([sorted(manager.providers), hooks]))"
    )
    providers, hooks = json.loads(run_python(tmp_path, "-c", code).splitlines()[-1])
    assert "airflow-provider-activation" in providers
    ours = {
        connection["connection-type"]: connection["hook-class-name"]
        for connection in get_provider_info()["connection-types"]
    }
    assert set(ours) == CONNECTION_TYPES
    assert {name: hooks.get(name) for name in ours} == ours


def test_the_command_line_lists_the_provider(tmp_path: Path) -> None:
    listed = json.loads(run_python(tmp_path, "-m", "airflow", "providers", "list", "--output", "json"))
    assert "airflow-provider-activation" in {provider["package_name"] for provider in listed}


# what an import costs


def test_operators_and_sensors_load_no_client_and_no_engine(tmp_path: Path) -> None:
    modules = sorted(
        {
            module
            for kind in ("operators", "sensors")
            for entry in get_provider_info()[kind]
            for module in entry["python-modules"]
        }
        # what DAG files make schemas with; each name is touched
        | {f"{PACKAGE}.audience"}
    )
    loaded = newly_imported(
        tmp_path,
        "from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, TaskGroup, XComArg, task",
        "\n".join(f"from {module} import *" for module in modules),
    )
    assert set(modules) <= loaded
    assert not top_level(loaded) & {"aiohttp", "httpx", "requests"}
    assert not top_level(loaded) & {"duckdb", "pandas", "phonenumbers", "polars", "pyarrow"}
    parts = {module.split(".")[1] for module in loaded if module.startswith(f"{PACKAGE}.")}
    assert not parts & {"api", "hooks", "sandbox", "submission", "transport", "triggers", "waits"}


# what is shipped


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built from the work tree."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    [file] = folder.glob("*.whl")
    return zipfile.Path(file)


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: zipfile.Path) -> None:
    listed = wheel.root.namelist()
    names = {name for name in listed if ".dist-info/" not in name and not name.endswith("/")}
    sources = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / PACKAGE).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == sources
    assert f"{PACKAGE}/py.typed" in names


def test_the_wheel_describes_itself(wheel: zipfile.Path) -> None:
    [info] = (entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info"))
    metadata = info.joinpath("METADATA").read_text()
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert info.joinpath("licenses", "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert "[apache_airflow_provider]" in info.joinpath("entry_points.txt").read_text()
