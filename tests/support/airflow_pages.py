"""Airflow's pages as a person uses them: forms, buttons, tabs and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

STANDARD = {
    "description": "Description",
    "host": "Host",
    "login": "Login",
    "password": "Password",
    "port": "Port",
    "schema": "Schema",
}
"""The fields that Airflow has for every connection, with its own labels."""
EXTRA = "element_"
"""What the names of all other fields of a connection begin with, as those of a run do."""

READ_FIELD = """group => {
    const field = group.querySelector('input, textarea'), label = group.querySelector('label')
    const help = group.querySelector('[data-part=helper-text]')
    const named = group.querySelector('[name], [id^=element_]')
    return {
        name: named && (named.getAttribute('name') || named.id),
        label: label.textContent.replace('*', '').trim(),
        placeholder: field.placeholder || '',
        help: help ? help.textContent : '',
        kind: field.getAttribute('role') || field.type,
    }
}"""


@dataclass(frozen=True)
class Field:
    """A field of a form.

    :param kind: what it is for: ``text``, ``password``, ``combobox``, ``spinbutton``, ``checkbox``.
    """

    name: str
    label: str
    placeholder: str
    help: str
    kind: str


class ConnectionForm:
    """The form in which a person makes a connection.

    :param page: the list of connections.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        page.get_by_role("button", name="Add Connection").click()
        self._dialog = page.get_by_role("dialog")
        self._types = self._dialog.get_by_role("combobox").first

    def types(self) -> list[str]:
        """The types that it offers."""
        self._types.click()
        offered = self._page.get_by_role("option")
        offered.first.wait_for()
        names = [str(name) for name in offered.all_inner_texts()]
        self._page.keyboard.press("Escape")
        return names

    def choose(self, name: str) -> None:
        """Choose a type, and open the part of the form with its own fields."""
        self._types.fill(name)
        self._page.get_by_role("option", name=name, exact=True).click()
        self._dialog.get_by_role("button", name="Extra Fields", exact=True).click()
        self._dialog.locator(f"[name={EXTRA}timeout]").wait_for()

    def fields(self) -> list[Field]:
        """The fields below the id and the type, in their order."""
        groups = self._dialog.locator("[data-part=item-content] [data-part=root][role=group]")
        return [Field(**group.evaluate(READ_FIELD)) for group in groups.filter(has=_fields(groups)).all()]

    def options(self, name: str) -> list[str]:
        """What a field with a list offers."""
        self._dialog.locator(f"#{EXTRA}{name}").get_by_role("combobox").click()
        offered = self._page.get_by_role("option")
        offered.first.wait_for()
        names = [str(option) for option in offered.all_inner_texts()]
        self._page.keyboard.press("Escape")
        return names

    def fill(self, conn_id: str, connection: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
        """Fill it in.

        :param connection: in Airflow's JSON form.
        :param kinds: the kinds of its own fields, by name.
        """
        self._dialog.locator("[name=connection_id]").fill(conn_id)
        for name, value in connection.get("extra", {}).items():
            if kinds[name] == "combobox":
                self._dialog.locator(f"#{EXTRA}{name}").get_by_role("combobox").fill(value)
                self._page.get_by_role("option", name=value, exact=True).click()
            else:
                self._dialog.locator(f"[name={EXTRA}{name}]").fill(str(value))
        self._dialog.get_by_role("button", name="Standard Fields", exact=True).click()
        for name in ("host", "login", "password"):
            if name in connection:
                self._dialog.locator(f"[name={name}]").fill(connection[name])

    def save(self) -> None:
        """Save it, and return once the form has closed."""
        self._dialog.get_by_role("button", name="Save").click()
        self._dialog.wait_for(state="hidden")


def _fields(groups: Locator) -> Locator:
    return groups.page.locator(f"[name]:not([name^={EXTRA}]), [name^={EXTRA}], [id^={EXTRA}]")


def row(page: Page, *texts: str) -> Locator:
    """The row of a table that holds these texts."""
    found = page.get_by_role("row")
    for text in texts:
        found = found.filter(has_text=text)
    return found


@dataclass(frozen=True)
class Trial:
    """What a press of the button that tests a connection came to.

    :param kind: ``success`` or ``error``.
    :param colour: of the button afterwards.
    """

    kind: str
    said: str
    colour: str


def try_out(page: Page, conn_id: str, said: str) -> Trial:
    """Press a connection's button that tests it, on the list of connections.

    :param said: part of what it comes to, by which it is told from that of another press.
    """
    button = row(page, conn_id).get_by_role("button", name="Test Connection")
    button.click()
    toast = page.locator("[data-scope=toast][data-part=root]").filter(has_text=said)
    toast.wait_for()
    return Trial(
        kind=str(toast.get_attribute("data-type")),
        said=str(toast.inner_text()),
        colour=str(button.locator("svg").get_attribute("color")),
    )


def trigger(page: Page, params: Mapping[str, str]) -> tuple[str, str]:
    """Trigger the DAG of a page with what its form asks for; returns the run's id, and what the form says."""
    page.get_by_test_id("trigger-dag-button").click()
    for name, value in params.items():
        page.locator(f"[name={EXTRA}{name}]").fill(value)
    form = str(page.get_by_role("dialog").inner_text())
    page.get_by_test_id("trigger-dag-submit").click()
    page.wait_for_url("**/runs/**")
    return str(page.url).rpartition("/runs/")[2], form


def wait_for_results(page: Page, key: str, value: str = "") -> None:
    """Return once a page of results shows one, and the values of all, which it asks for one by one."""
    row(page, key, value).first.wait_for()
    page.get_by_text("Loading...").first.wait_for(state="hidden")


def import_error(page: Page, file: str) -> str:
    """What the home page says of a file that Airflow cannot read."""
    page.get_by_role("button", name="Import Error").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=file).click()
    dialog.get_by_text("Traceback").wait_for()
    return str(dialog.inner_text())
