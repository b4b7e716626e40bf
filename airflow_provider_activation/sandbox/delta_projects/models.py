"""An activity with its bidding plans and creatives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_activation.sandbox.core.shelf import Stored, free_text
from airflow_provider_activation.sandbox.delta_projects.seeds import Template


@dataclass
class Creative:
    """One creative."""

    id: str
    type: str

    @property
    def public(self) -> dict[str, Any]:
        """All documented fields."""
        return {"id": self.id, "type": self.type}


@dataclass
class BiddingPlan:
    """One bidding plan."""

    id: str
    name: str
    creatives: dict[str, Creative]

    def public(self, levels: int) -> dict[str, Any]:
        """All documented fields."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name}
        if levels:
            shown["creatives"] = [creative.public for creative in self.creatives.values()]
        return shown


@dataclass
class Activity:
    """One activity. Some of its fields can be set but not read."""

    id: str
    client_id: str
    template: Template
    name: str
    start: datetime
    stop: datetime
    order_id: str
    budget: float
    impression_budget: int | None
    target_ecpm: float | None = None
    override_variables: Any = None
    geo_details: list[dict[str, float]] | None = None
    exclude_geo: bool = False
    plans: dict[str, BiddingPlan] = field(default_factory=dict)
    enabled: bool = False
    _runs: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    """Start and end of each time in which the activity was enabled. The last one may have no end."""

    def enable(self, enabled: bool, now: datetime) -> None:
        """Enable or disable the activity."""
        if enabled and not self.enabled:
            self._runs.append((now, None))
        elif self.enabled and not enabled:
            self._runs[-1] = (self._runs[-1][0], now)
        self.enabled = enabled

    def seconds_bidding(self, begin: datetime, end: datetime, now: datetime) -> float:
        """For how many seconds of a period the activity was enabled, in its flight and until now."""
        begin, end = max(begin, self.start), min(end, self.stop, now)
        times = (min(end, stopped or now) - max(begin, started) for started, stopped in self._runs)
        return sum((time for time in times if time > timedelta(0)), timedelta(0)).total_seconds()

    def children(self, levels: int) -> dict[str, Any]:
        """The bidding plans, with creatives on the second level."""
        if not levels:
            return {}
        return {"biddingPlans": [plan.public(levels - 1) for plan in self.plans.values()]}

    def brief(self, levels: int) -> dict[str, Any]:
        """The fields in a list."""
        return {"id": self.id, "name": self.name, **self.children(levels)}

    def public(self, now: datetime) -> dict[str, Any]:
        """The documented fields of one activity."""
        passed = (now - self.start) / (self.stop - self.start) if self.enabled else 0.0
        share = min(1.0, max(0.0, passed))
        shown: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "flightStart": _stamp(self.start),
            "flightStop": _stamp(self.stop),
            "enabled": self.enabled,
            "budget": float(self.budget),
        }
        if self.impression_budget is None:
            shown["currentTargetSpend"] = round(self.budget * share, 3)
        else:
            shown["impressionBudget"] = self.impression_budget
            shown["currentTargetImpressions"] = int(self.impression_budget * share)
        return shown


FIELDS = {
    "activityName": free_text("name"),
    "flightStop": Stored("stop"),
    "orderId": Stored("order_id"),
    "budget": Stored("budget"),
    "impressionBudget": Stored("impression_budget"),
    "targetECPM": Stored("target_ecpm"),
    "overrideVariables": Stored("override_variables", unset=None),
    "geoDetails": Stored("geo_details", ("exclude_geo",), unset=None),
    "enabled": Stored("enabled", ("_runs",)),
}
"""The fields of an activity as requests name them."""


def make_plans(template: Template) -> dict[str, BiddingPlan]:
    """The bidding plans of a new activity."""
    plans = {}
    for name, types in template.plans.items():
        creatives = [Creative(str(uuid.uuid4()), kind) for kind in types]
        plan = BiddingPlan(str(uuid.uuid4()), name, {creative.id: creative for creative in creatives})
        plans[plan.id] = plan
    return plans


def _stamp(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"
