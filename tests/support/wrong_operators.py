"""Three operators that are wrong on purpose, and one that is right: what the walk must tell apart."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from airflow.sdk import BaseHook, BaseOperator
from argument_table.kinds import FLAG, ID, NAME, Argument, Row, has, need

from airflow_provider_activation.errors import InvalidRequest


def _post(path: str, body: Any) -> None:
    host = BaseHook.get_connection("walk_delta_projects").host
    with suppress(HTTPError):
        urlopen(Request(f"{host}/{path}", json.dumps(body).encode(), method="POST")).close()


class FlagByTruth(BaseOperator):
    """Takes a flag by its truth: a text that says no is a yes."""

    template_fields = ("everything",)

    def __init__(self, *, everything: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.everything = everything

    def execute(self, context: Any) -> None:
        _post("delete", {"everything": bool(self.everything)})


class UntemplatedText(BaseOperator):
    """Sends a text that no template field holds."""

    def __init__(self, *, landing: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.landing = landing

    def execute(self, context: Any) -> None:
        _post("create", {"landing": str(self.landing)})


class IdThroughStr(BaseOperator):
    """Makes a text of whatever is given as an id."""

    template_fields = ("segment_id",)

    def __init__(self, *, segment_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segment_id = segment_id

    def execute(self, context: Any) -> None:
        _post("withdraw", {"id": str(self.segment_id)})


class Right(BaseOperator):
    """Reads its flag as it should be read."""

    template_fields = ("everything",)

    def __init__(self, *, everything: Any = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.everything = everything
        waits = (isinstance(everything, str) and "{{" in everything) or hasattr(everything, "resolve")
        if not (isinstance(everything, bool) or waits or getattr(self, "_BaseOperator__from_mapped", False)):
            raise ValueError("everything must be True or False")

    def execute(self, context: Any) -> None:
        if not re.fullmatch("(?i)true|false", str(self.everything)):
            raise InvalidRequest("everything must be true or false")
        _post("delete", {"everything": str(self.everything).lower() == "true"})


ID_ARGUMENT: Argument = need(ID, "5000000001", "5000000002")
ROWS: dict[type[BaseOperator], Row] = {
    FlagByTruth: Row({"everything": has(FLAG, False, True)}),
    UntemplatedText: Row({"landing": need(NAME, "https://shop.example/", "https://shop.example/other")}),
    IdThroughStr: Row({"segment_id": ID_ARGUMENT}),
    Right: Row({"everything": has(FLAG, False, True)}),
}
