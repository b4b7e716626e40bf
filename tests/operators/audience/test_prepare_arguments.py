"""The arguments of `PrepareAudienceOperator`: rendered, as objects and as mappings, and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.sdk import DAG, BaseOperator
from audience_attacks import Room, room
from audience_tasks import EMAIL, HASHED, LIST, OtherTasks, prepare, refused, registration, rendered, run
from older_airflows import dag_serialization
from task_running import Task

from airflow_provider_activation.audience import AudienceSchema, Constant, Email, Phone, Suppression
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.operators.audience import PrepareAudienceOperator

__all__ = ["room"]

natively = pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])

PEOPLE = """email,mobile,country,spent
A.nn+x@gmail.com,0701740605,SE,5
ann@gmail.com,,SE,7
bo@example.com,,NO,3
nobody,,SE,1
"""
OTHERS = "carl@example.com;'SE;1'\n"


@pytest.fixture
def files(room: Room) -> dict[str, str]:
    """The values of the templates: files and words."""
    return {
        "people": str(room.file(PEOPLE)),
        "others": str(room.file(OTHERS, "others.txt")),
        "gone": str(room.file("mail\nbo@example.com\n", "gone.csv")),
        "also_gone": str(room.file("email\nann@gmail.com\n", "also_gone.csv")),
        "calls": str(room.file("mobile\n+46 70 174 06 05\n", "calls.csv")),
        "folder": str(room.folder / "made"),
        **{"csv": "csv", "semicolon": ";", "apostrophe": "'", "email": "email", "mail": "mail"},
        **{
            "google": "google",
            "meta": "meta",
            "acoustic": "acoustic",
            "base64": "base64",
            "sha256": "sha256",
        },
        **{"mobile": "mobile", "SE": "SE", "spent": "spent", "word": "winback", "list": "complaints"},
    }


def templated(value: Any) -> Any:
    """A value whose words between angle brackets are templates."""
    return _replaced(value, lambda word: f"{{{{ params['{word}'] }}}}")


def _replaced(value: Any, of: Any) -> Any:
    if isinstance(value, str):
        before, opened, rest = value.partition("<")
        word, closed, after = rest.partition(">")
        return f"{before}{of(word)}{after}" if opened and closed else value
    if isinstance(value, dict):
        return {key: _replaced(item, of) for key, item in value.items()}
    return [_replaced(item, of) for item in value] if isinstance(value, list) else value


TEMPLATED: dict[str, dict[str, Any]] = {
    "source": {"source": "<also_gone>"},
    "a mapping as source": {
        "source": {
            **{"path": "<others>", "format": "<csv>", "delimiter": "<semicolon>", "quote": "<apostrophe>"},
            "header": ["<email>", "country"],
        }
    },
    "a column's source": {
        "schema": {
            "columns": {"tel": {"kind": "phone", "source": "<mobile>", "region": "<SE>", "hash": "<sha256>"}}
        }
    },
    "a schema's identifiers": {
        "schema": {
            "columns": {
                **EMAIL["columns"],
                "tel": {"kind": "phone", "source": "mobile", "region": "SE", "hash": "sha256"},
            },
            "require_any": ["<mail>"],
        }
    },
    "a constant": {
        "schema": {"columns": {**EMAIL["columns"], "group": {"kind": "constant", "value": "<word>"}}}
    },
    "suppress_by": {
        "schema": {
            "columns": EMAIL["columns"],
            "suppress_by": {"tel": {"kind": "phone", "source": "<mobile>", "region": "<SE>"}},
        }
    },
    "profile": {"profile": "<meta>"},
    "a mapping as profile": {
        "profile": {"name": "<google>", "digest": "<base64>", "delimiter": "<semicolon>"}
    },
    "folder": {"folder": "<folder>"},
    "name": {"name": "for_<word>"},
    "where": {"where": "country = '<SE>'"},
    "a list": {
        "suppress": [
            {
                **{"source": "<gone>", "name": "<list>"},
                "schema": {"columns": {"email": {"kind": "email", "source": "<mail>"}}},
            },
            {"source": {"path": "<also_gone>", "format": "<csv>"}, "schema": LIST},
        ]
    },
    "order_by": {"order_by": "<spent>"},
    "registration": {
        "profile": "<acoustic>",
        "registration": registration({**HASHED, "name": "<mail>"}, hashAlgorithm="<sha256>"),
    },
    "a registration in the profile": {
        "profile": {"name": "<acoustic>", "registration": registration({**HASHED, "name": "<mail>"})}
    },
}


ALL = {
    "source": "<people>",
    "schema": {**TEMPLATED["suppress_by"]["schema"], "require_any": ["<mail>"]},
    "profile": {"name": "<google>", "delimiter": "<semicolon>"},
    **{name: TEMPLATED[name][name] for name in ("folder", "name", "where", "order_by")},
    "suppress": [
        {
            **{"source": "<calls>", "name": "<list>"},
            "schema": {"columns": {"tel": {"kind": "phone", "source": "<mobile>", "region": "<SE>"}}},
        }
    ],
}


class TestTemplates:
    @natively
    @pytest.mark.parametrize("case", TEMPLATED)
    def test_each_argument_is_rendered(
        self, room: Room, files: dict[str, str], case: str, native: bool
    ) -> None:
        given = {"source": "<people>", **TEMPLATED[case]}
        operator = prepare(room, **templated(given))
        for name in given:
            assert "params[" in str(getattr(operator, name)) or name == "profile"
        rendered(operator, native=native, params=files)
        plain = prepare(room, **_replaced(given, files.__getitem__))
        for name in given:
            assert getattr(operator, name) == getattr(plain, name)

    @pytest.mark.parametrize(
        ("profile", "native"), [("google", True), ("acoustic", False)], ids=["natively", "as text"]
    )
    def test_rendered_arguments_act_as_plain_ones(
        self, room: Room, files: dict[str, str], profile: str, native: bool
    ) -> None:
        given = ALL if profile == "google" else {**ALL, **TEMPLATED["registration"]}
        plain = run(prepare(room, **_replaced(given, files.__getitem__)))
        file = Path(plain["path"])
        assert file.parent == Path(files["folder"])
        assert file.name.startswith(f"for_winback-{profile}-")
        rows = {"read": 4, "left_out": 1, "rejected": 1, "suppressed": 1, "duplicates": 0, "written": 1}
        assert plain["rows"] == rows
        content = file.read_bytes()
        assert run(rendered(prepare(room, **templated(given)), native=native, params=files)) == plain
        assert file.read_bytes() == content

    @natively
    @pytest.mark.parametrize("least", [3, "3"])
    def test_min_rows(self, room: Room, files: dict[str, str], least: Any, native: bool) -> None:
        operator = prepare(room, files["people"], min_rows="{{ params.least }}")
        rendered(operator, native=native, params={"least": least})
        assert operator.min_rows == 3

    @natively
    @pytest.mark.parametrize("word", [True, False, "true", "false", "False"])
    def test_fail_on_rejects(self, room: Room, files: dict[str, str], word: Any, native: bool) -> None:
        operator = prepare(room, files["people"], fail_on_rejects="{{ params.strict }}")
        rendered(operator, native=native, params={"strict": word})
        assert operator.fail_on_rejects is (str(word).lower() == "true")

    def test_they_decide_at_run(self, room: Room, files: dict[str, str]) -> None:
        least = prepare(room, files["people"], min_rows="{{ params.least }}")
        with pytest.raises(UnfitAudience, match=r"2 rows are left of 4, and at least 3 are needed"):
            run(rendered(least, params={"least": "3"}))
        strict = prepare(room, files["people"], fail_on_rejects="{{ params.strict }}")
        with pytest.raises(UnfitAudience, match="fail_on_rejects"):
            run(rendered(strict, params={"strict": True}))
        lax = prepare(room, files["people"], fail_on_rejects="{{ params.strict }}")
        assert run(rendered(lax, params={"strict": "false"}))["rows"]["rejected"] == 1

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"min_rows": "{{ 'many' }}"}, "min_rows"),
            ({"min_rows": "{{ -1 }}"}, "min_rows"),
            ({"min_rows": "{{ 1.5 }}"}, "min_rows"),
            ({"fail_on_rejects": "{{ 'no' }}"}, "fail_on_rejects"),
            ({"fail_on_rejects": "{{ 0 }}"}, "fail_on_rejects"),
            ({"profile": "{{ 'nonsense' }}"}, "profile"),
            ({"folder": "{{ '' }}"}, "folder"),
            ({"folder": "{{ 's3://bucket' }}"}, "folder"),
            ({"name": "{{ '../up' }}"}, "name"),
            ({"where": "{{ 'true; DROP TABLE x' }}"}, "where"),
            ({"schema": "{{ {'columns': {}} }}"}, "schema"),
            (
                {"schema": {"columns": {"m": {"kind": "email", "source": "{{ '' }}", "hash": "sha256"}}}},
                "schema",
            ),
            ({"suppress": "{{ [] }}"}, "suppress"),
            ({"source": {"path": "{{ '/people.csv' }}", "sheet": "1"}}, "sheet"),
        ],
    )
    @natively
    def test_what_a_template_rendered_is_refused_with_its_name(
        self, room: Room, given: dict[str, Any], named: str, native: bool
    ) -> None:
        # there is no such file: to be refused for another reason, nothing was opened
        task = Task(lambda: rendered(prepare(room, **{"source": "/no_people.csv", **given}), native=native))
        error = refused(room, InvalidArgument, task)
        assert named in error.message.split(" ")[0] or (named == "sheet" and named in error.message)
        assert str(error).count("What to do") == 1

    def test_whole_structures_come_from_native_templates_alone(
        self, room: Room, files: dict[str, str]
    ) -> None:
        given: dict[str, Any] = {
            "schema": EMAIL,
            "profile": {"name": "google", "digest": "base64"},
            "suppress": [{"source": files["also_gone"], "schema": LIST}],
        }
        templates = {name: f"{{{{ params.{name} }}}}" for name in given}
        plain = run(prepare(room, files["people"], **given))
        assert run(rendered(prepare(room, files["people"], **templates), native=True, params=given)) == plain
        for name in ("schema", "suppress"):
            one = prepare(room, files["people"], **{name: templates[name]})
            with pytest.raises(InvalidArgument, match=f"^{name} must be"):
                run(rendered(one, params=given))

    def test_outputs_of_tasks_inside_objects_and_mappings(self, room: Room, files: dict[str, str]) -> None:
        with DAG("a_dag", schedule=None):
            export: Any = BaseOperator(task_id="export")
            operator = prepare(
                room,
                export.output["people"],
                suppress=[
                    Suppression(export.output["gone"], AudienceSchema({"email": Email("mail")})),
                    {"source": {"path": export.output["also_gone"]}, "schema": LIST},
                ],
                min_rows=0,
            )
        assert operator.upstream_task_ids == {"export"}
        ti = OtherTasks(export=files)
        manifest = run(rendered(operator, ti=ti, task_instance=ti))
        assert [one["suppressed"] for one in manifest["suppression"]] == [1, 2]


class TestObjects:
    SCHEMA = AudienceSchema(
        {
            "mail": Email("{{ params.email }}").sha256(),
            "tel": Phone("mobile", region="SE").sha256(),
            "group": Constant("{{ params.word }}"),
        },
        require_any=["mail"],
    )
    LISTED = Suppression("{{ params.gone }}", AudienceSchema({"email": Email("{{ params.mail }}")}), name="a")

    def given(self) -> dict[str, Any]:
        return {"schema": self.SCHEMA, "suppress": [self.LISTED]}

    def mappings(self) -> dict[str, Any]:
        return {"schema": self.SCHEMA.as_mapping(), "suppress": [self.LISTED.as_mapping()]}

    def test_the_template_fields_hold_their_mappings(self, room: Room, files: dict[str, str]) -> None:
        by_objects = prepare(room, files["people"], **self.given())
        by_mappings = prepare(room, files["people"], **self.mappings())
        for native in (False, True):
            rendered(by_objects, native=native, params=files)
            rendered(by_mappings, native=native, params=files)
            for name in ("schema", "suppress"):
                held = getattr(by_objects, name)
                assert held == getattr(by_mappings, name)
                assert held == json.loads(json.dumps(held))
        assert by_objects.schema["columns"]["mail"] == {"kind": "email", "source": "email", "hash": "sha256"}
        assert by_objects.suppress[0]["source"] == files["gone"]
        assert run(by_objects) == run(by_mappings)

    @pytest.mark.parametrize(
        "mixed",
        [
            lambda one: [one, one.as_mapping()],
            lambda one: (one.as_mapping(), one),
            lambda one: [{**one.as_mapping(), "schema": one.schema}] * 2,
        ],
        ids=["object, mapping", "mapping, object", "a schema in mappings"],
    )
    def test_objects_beside_mappings_are_rendered_too(
        self, room: Room, files: dict[str, str], mixed: Any
    ) -> None:
        operator = prepare(room, files["people"], suppress=mixed(self.LISTED))
        rendered(operator, params=files)
        assert [one["source"] for one in operator.suppress] == [files["gone"]] * 2
        assert [one["schema"]["columns"]["email"]["source"] for one in operator.suppress] == ["mail"] * 2

    def test_columns_inside_a_mapping_are_rendered(self, room: Room, files: dict[str, str]) -> None:
        operator = prepare(room, files["people"], schema={"columns": dict(self.SCHEMA.columns)})
        rendered(operator, params=files)
        assert operator.schema["columns"] == {
            **self.SCHEMA.as_mapping()["columns"],
            "mail": {"kind": "email", "source": "email", "hash": "sha256"},
            "group": {"kind": "constant", "value": "winback"},
        }

    def stored(self, room: Room, **expanded: Any) -> str:
        """A DAG with such a task, and with a mapped one, as Airflow stores it."""
        with DAG("a_dag", schedule=None, start_date=pendulum.datetime(2026, 1, 1)) as dag:
            prepare(room, "people.csv", **self.given())
            given = {"source": "a.csv", "profile": "google", "folder": "/audiences", **self.given()}
            partial = {name: value for name, value in given.items() if name not in expanded}
            PrepareAudienceOperator.partial(task_id="mapped", **partial).expand(**expanded)
        return json.dumps(dag_serialization().to_dict(dag), sort_keys=True)

    @pytest.mark.parametrize(
        "expanded",
        [
            {"source": ["a.csv", "b.csv"]},
            {"schema": [SCHEMA]},
            {"suppress": [[LISTED]]},
        ],
        ids=lambda expanded: next(iter(expanded)),
    )
    def test_a_dag_is_stored_alike_each_time_it_is_parsed(self, room: Room, expanded: dict[str, Any]) -> None:
        # or Airflow has a new version of the DAG with each parse
        assert " object at 0x" not in self.stored(room, **expanded)

    def test_mapped_tasks_take_objects(self, room: Room, files: dict[str, str]) -> None:
        with DAG("a_dag", schedule=None):
            export: Any = BaseOperator(task_id="export")
            listed = Suppression(export.output["gone"], AudienceSchema({"email": Email("mail")}))
            mapped = PrepareAudienceOperator.partial(
                task_id="prepare", schema=self.SCHEMA, profile="google", folder=room.folder, suppress=[listed]
            ).expand(source=[files["people"]])
        assert mapped.upstream_task_ids == {"export"}
        ti = OtherTasks(export=files)
        operator = rendered(mapped.unmap({"source": files["people"]}), ti=ti, task_instance=ti, params=files)
        assert run(operator)["rows"]["suppressed"] == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "named"),
        [
            (
                {"schema": {"columns": {"m": {"kind": "email", "source": "e"}}}},
                "schema: 'm': google takes email",
            ),
            ({"schema": {"columns": {"m": {"kind": "email", "source": "e", "hash": "md5"}}}}, "schema: 'm'"),
            (
                {"profile": "meta", "schema": {"columns": {"n": {"kind": "name", "source": "n"}}}},
                "schema: 'n'",
            ),
            ({"profile": "liveramp_template"}, "schema"),
            ({"profile": "nonsense"}, "profile must be one of"),
            # what has no template in it is refused, whatever stands beside it
            (
                {"profile": "nonsense", "schema": {"columns": {"m": {"kind": "email", "source": "{{ e }}"}}}},
                "profile",
            ),
            (
                {"profile": {"name": "acoustic", "registration": registration({"name": "e"})}},
                "schema: 'mail'",
            ),
            ({"profile": "acoustic", "registration": registration({"name": "e"})}, "schema: 'mail'"),
            ({"profile": "acoustic", "registration": {}}, "profile acoustic: .* registration="),
            ({"profile": {"name": "google", "colour": 1}}, "profile: colour"),
            ({"schema": {**EMAIL, "colour": 1}}, "schema has colour"),
            (
                {"schema": {"columns": {"m": {"kind": "email", "source": "e", "colour": 1}}}},
                "schema: 'm' has colour",
            ),
            ({"schema": {"columns": {"m": {"kind": "e-mail", "source": "e"}}}}, "schema: 'm': kind"),
            (
                {
                    "suppress": [
                        {"source": "a.csv", "schema": LIST},
                        {"source": "a.csv", "schema": LIST, "colour": 1},
                    ]
                },
                r"suppress\[1\] has colour",
            ),
            ({"suppress": [{"source": "a.csv"}]}, r"suppress\[0\]"),
            (
                {"suppress": [{"source": "a.csv", "schema": {"columns": {"m": {"kind": "mail"}}}}]},
                r"suppress\[0\]: schema: 'm'",
            ),
            ({"suppress": [{"source": 5, "schema": LIST}]}, r"suppress\[0\]"),
            (
                {
                    "suppress": [
                        {
                            "source": "a.csv",
                            "schema": {"columns": {"a": {"kind": "attribute", "source": "a"}}},
                        }
                    ]
                },
                r"suppress\[0\]",
            ),
            ({"fail_on_rejects": "false"}, "fail_on_rejects"),
            ({"min_rows": -1}, "min_rows"),
        ],
    )
    def test_when_the_dag_is_parsed(self, room: Room, given: dict[str, Any], named: str) -> None:
        with pytest.raises(InvalidArgument, match=f"^{named}") as caught:
            prepare(room, "people.csv", **given)
        assert str(caught.value).count("What to do") == 1

    def test_an_unknown_argument_is_named(self, room: Room) -> None:
        with pytest.raises(TypeError, match="supress"):
            prepare(room, "people.csv", supress=[])

    def test_a_schema_that_a_template_made_unfit_is_refused_before_a_file_is_read(self, room: Room) -> None:
        task = Task(
            lambda: rendered(prepare(room, "/no_people.csv", profile="{{ 'uid2' }}", where="{{ 'x y' }}"))
        )
        error = refused(room, InvalidArgument, task)
        assert "where" in error.message
        md5 = {"columns": {"m": {"kind": "email", "source": "e", "hash": "{{ 'md5' }}"}}}
        error = refused(room, InvalidArgument, Task(lambda: rendered(prepare(room, "/no.csv", schema=md5))))
        assert "google takes email sha256, not md5" in str(error)

    def test_a_template_that_nobody_rendered(self, room: Room) -> None:
        lists = [Suppression("{{ gone }}", AudienceSchema({"email": Email("email")}))]
        with pytest.raises(InvalidArgument, match="suppress holds a template that was not rendered"):
            run(prepare(room, "people.csv", suppress=lists))
