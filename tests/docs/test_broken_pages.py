"""What follows pages sees each kind of block that is broken, and names its line."""

from __future__ import annotations

import sys
from pathlib import Path

import page_connections
import pytest
from page_process import run_apart
from page_running import PageRun

from airflow_provider_activation.sandbox import Sandbox
from scripts.newcomer import arrives
from scripts.pages import ROOT, Block, blocks, difference

FENCE = "```"


def page_of(folder: Path, text: str, *, name: str = "page.md") -> Path:
    """A page; ``§`` stands for a fence."""
    page = folder / name
    page.write_text(text.replace("§", FENCE))
    return page


def failures(page: Path, folder: Path) -> list[str]:
    """What fails of a page in this process: the first line of each failure."""
    folder.mkdir()
    return [one.partition("\n")[0] for one in PageRun(page, folder, {}).run(blocks(page))]


def test_a_good_page_goes_through(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        """Save it as `data/a.csv`:

§csv
name
Anna
§

§python
from pathlib import Path

print(Path("data/a.csv").read_text())
print("at 12:34")
§

§text
name
...
at ...:34
§

§shell
export GREETING=hello
cd data
§

It knows what the block before has set.

§shell
echo "$GREETING"
ls
§

§text
hello
a.csv
§
""",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        (tmp_path / "data").symlink_to(tmp_path / "work" / "data")
        assert failures(page, tmp_path / "work") == []


def test_each_broken_block_is_told_with_its_line(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        """# A page

§python
right = 1
print(wrong)
§

§text
its output is not asked for
§

§python
print(right)
§

§text
2
§

§python
def broken(:
§

§shell
true
false
echo never
§

Save it as `unused.py`:

§python
right = 2
§

§text
of nothing
§

§shell
echo still here
§

§text
still
§
""",
    )
    assert failures(page, tmp_path / "work") == [
        "page.md:5: NameError: name 'wrong' is not defined",
        "page.md:16: not printed: 2",
        "page.md:21: SyntaxError: invalid syntax (page.md, line 21)",
        "page.md:24: a command failed:",
        "page.md:36: the block before it is not run",
        "page.md:44: not printed: still",
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        ("a\nb\n", "a  \nb\n\n", None),
        ("a\n...\nd\n", "a\nb\nc\nd\n", None),
        ("...\nd\n", "d\n", None),
        ("id ... of ...\n", "id 17 of 18\n", None),
        ("a\nb\n", "a\n", "b"),
        ("a\n", "a\nb\n", "the end"),
        ("a\n...\nd\n", "a\nb\nc\n", "d"),
        ("id 16\n", "id 17\n", "id 16"),
    ],
)
def test_outputs_are_compared(shown: str, printed: str, missing: str | None) -> None:
    assert difference(shown, printed) == missing


@pytest.mark.parametrize(
    ("connection", "why"),
    [
        ('{"conn_type": "delta_projects", "host": "https://a.example", "password": "my-secret"}', None),
        ("delta-projects://:my-secret@a.example/?media_agency_id=my-agency&client_id=my-client", None),
        (
            '{"conn_type": "delta_projects", "host": "https://a.example", "password": "my-secret",'
            ' "extra": {"media_agency": "my-agency"}}',
            "media_agency",
        ),
        ('{"conn_type": "delta_projects", "host": "https://a.example", "password": "a key"}', "password"),
        ('{"conn_type": "delta_project", "host": "https://a.example"}', "delta_project"),
        ('{"conn_type": "delta_projects", "host": "ftp://a.example", "password": "my-secret"}', "ftp"),
    ],
)
def test_connections_are_used(sandbox: Sandbox, connection: str, why: str | None) -> None:
    if why is None:
        page_connections.use(connection, sandbox.connections)
        assert sandbox.requests
    else:
        with pytest.raises(Exception, match=why):
            page_connections.use(connection, sandbox.connections)


def test_connections_are_found_in_shell_blocks(tmp_path: Path) -> None:
    text = """§shell
# two of them
export AIRFLOW_CONN_ONE='{
  "conn_type": "dataddo"
}' # whose
export AIRFLOW_CONN_TWO="dataddo://a:b@c" OTHER=1
§
"""
    [block] = blocks(page_of(tmp_path, text))
    assert block.connections == {"one": '{\n  "conn_type": "dataddo"\n}', "two": "dataddo://a:b@c"}


def test_what_is_around_a_block_is_read(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        """Text.

<!-- not run: it needs an account -->
§shell
false
§

- Save it as `dags/one.py`:

  <!-- from example_dags/x.py -->
  §python
  x = 1
    y = 2
  §

§mermaid
§

§
nothing
§

§text
of nothing
§

§{toctree}
start
§
""",
    )
    found = [(one.line, one.kind, one.said, one.saved_as) for one in blocks(page)]
    assert found == [
        (4, "not run", "it needs an account", None),
        (11, "from", "example_dags/x.py", "dags/one.py"),
        (16, "mermaid", "", None),
        (19, "no language", "", None),
        (23, "text", "", None),
        (27, "site", "", None),
    ]
    assert blocks(page)[1].code == "x = 1\n  y = 2\n"


def test_an_excerpt_that_is_not_there_is_seen() -> None:
    said = Path(__file__).relative_to(ROOT).as_posix()
    there = Block(Path(__file__), 1, "python", 'FENCE = "```"\n', "from", said, "", None)
    gone = Block(Path(__file__), 1, "python", f"FENCE = {1}\n", "from", said, "", None)
    assert (there.stands_in_its_file, gone.stands_in_its_file) == (True, False)


def test_a_page_whose_block_has_no_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"page\.md:2: the block has no end"):
        blocks(page_of(tmp_path, "\n§shell\ntrue\n"))


# the newcomer

FIRST = """Save it as `dags/first.py`:

§python
from airflow.sdk import DAG
with DAG("first"):
    pass
§

§shell
mkdir bin
printf '#!/bin/sh\\ntest -f dags/$3.py && echo state=success' > bin/airflow
chmod +x bin/airflow
export PATH="$PWD/bin:$PATH"
echo started &
§

§text
started
§

§shell
airflow dags test first
§

§text
state=success
§

§python
kept = 1
§
"""
SECOND = """§python
from airflow.sdk import DAG
with DAG(dag_id="second"):
    pass
§

§python
x = 1
§

§python
print(x, "kept" in globals())
§

§text
1 False
§

§shell
export AIRFLOW_CONN_DELTA_PROJECTS_DEFAULT='delta-projects://:my-secret@a.example'
§

§shell
test -z "${AIRFLOW_CONN_DELTA_PROJECTS_DEFAULT-}"
§
"""


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("", "", "A newcomer arrives: first, second green"),
        ("print(x,", "print(y,", "FAILED at second.md:11: Python failed"),
        ("1 False", "1 True", "FAILED at second.md:15: not printed: 1 True"),
        ('test -z "$', 'test -n "$', "FAILED at second.md:23: a command failed"),
        ("chmod +x", "chmod -x", "FAILED at first.md:21: first did not end with state=success"),
        ("echo state=success", "echo state=failed", "FAILED at first.md:21: first did not end"),
        ("echo started &", "echo started & exit 1", "FAILED at first.md:9: a command failed"),
        ("dags/first.py`", "dags/other.py`", "FAILED at first.md:21: first did not end"),
    ],
)
def test_a_newcomer_arrives_unless_a_page_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str, bad: str, told: str
) -> None:
    texts = {"first.md": FIRST, "second.md": SECOND}
    pages = [
        page_of(tmp_path, text.replace(good, bad) if good else text, name=name)
        for name, text in texts.items()
    ]
    folder = tmp_path / "empty"
    folder.mkdir()
    programs = tmp_path / "programs"
    programs.mkdir()
    # no Airflow is found beside it
    (programs / "python").symlink_to(sys.executable)
    known = {"PATH": f"{programs}:/usr/bin:/bin"}
    assert arrives(pages, folder, known) == (good == "")
    assert told in capsys.readouterr().out


# what needs an Airflow

BROKEN_DAGS = """§python
from airflow.sdk import dag, task

@dag
def red():
    @task
    def fails():
        raise ValueError("in vain")
    fails()

red()
§

§python
from airflow.sdk import dag
from airflow.sdk import nothing_of_this_name

@dag
def unread(): ...
§

§python
from airflow.sdk import dag

@dag
def not_called(): ...
§

§shell
pip install 'airflow-provider-activation[no-such-extra]'
§

§shell
pip install 'airflow-provider-activation[sandbox]'
pip install no-such-package-anywhere
§

§python
from airflow.sdk import dag, task

@dag
def green():
    @task
    def says():
        print("a word in the log")
    says()

green()
§

§text
...
...a word in the log...
...
§
"""


@pytest.mark.live
def test_a_dag_that_is_not_green_is_told(tmp_path: Path) -> None:
    page = page_of(tmp_path, BROKEN_DAGS)
    with Sandbox(port=0) as sandbox:
        found = run_apart(page, blocks(page), tmp_path, sandbox)
    told = [
        "page.md:1: the DAG is not green: fails is failed",
        "page.md:16: ImportError: cannot import name 'nothing_of_this_name'",
        "page.md:22: the DAG is not green: there is none",
        "page.md:29: a command failed:",
        "page.md:33: a command failed:",
    ]
    assert len(found) == len(told), found
    for one, begins in zip(found, told, strict=True):
        assert one.startswith(begins)
    assert "no-such-package-anywhere" in found[-1]
