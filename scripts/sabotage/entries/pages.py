"""Broken lines of the examples, and of pages and files beside the package."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
    Sabotage(
        "../example_dags/delta_projects_activity.py",
        "strftime('%G-W%V')",
        "format('GGGG-[W]WW')",
        "tests/test_examples.py",
    ),
    Sabotage(
        "../example_dags/winback_audience.py",
        'Email("email").sha256()',
        'Email("name").sha256()',
        "tests/test_examples.py",
    ),
    Sabotage(
        "../docs/audiences.md",
        "3 gzip\n",
        "2 gzip\n",
        "tests/audience/test_page.py -k block",
    ),
    Sabotage(
        "../docs/audiences.md",
        "| `broken_row` | the row",
        "| `broken` | the row",
        "tests/audience/test_page.py -k reason",
    ),
    Sabotage(
        "../example_dags/many_clients.py",
        "            acoustic_exchange_conn_id=acoustic_exchange_conn_id,\n        )\n        delete",
        '            acoustic_exchange_conn_id="acoustic_exchange_tenant_01",\n        )\n        delete',
        "tests/test_many_clients.py -k of_fifty",
    ),
    Sabotage(
        "../example_dags/many_clients.py",
        '    for column in ("client", "acoustic_exchange_conn_id", "source"',
        '    for column in ("client", "source"',
        "tests/test_many_clients.py -k mixes",
    ),
    Sabotage(
        "../docs/recipes/many-clients.md",
        "    chain(activate.expand_kwargs(clients), report(clients))\n",
        "    chain(activate.expand(clients), report(clients))\n",
        "tests/docs/test_pages.py -k excerpt",
    ),
    Sabotage(
        "../docs/recipes/event-driven.md",
        'job_category="SEGMENT_EXPORT", target_statuses',
        'job_category="IMPORT", target_statuses',
        "tests/docs/test_pages.py",
    ),
    Sabotage(
        "../docs/troubleshooting.md",
        "(reliability.md#errors)",
        "(reliability.md#mistakes)",
        "tests/docs/test_links.py",
    ),
    Sabotage(
        "../.airflow-registry.yaml",
        "display-name: ",
        "display-names: ",
        "tests/test_task_pages.py -k registry",
    ),
)
