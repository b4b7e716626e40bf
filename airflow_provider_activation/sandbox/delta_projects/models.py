"""A Delta Projects activity, with its bidding plans and their creatives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_activation.sandbox.delta_projects.seeds import Template


@dataclass
class Creative:
    """What is shown to people."""

    id: str
    type: str

    @property
    def public(self) -> dict[str, Any]:
        """As the API shows it, in a list and alone: no more of its fields is documented."""
        return {"id": self.id, "type": self.type}


@dataclass
class BiddingPlan:
    """One way in which an activity bids."""

    id: str
    name: str
    creatives: dict[str, Creative]

    def public(self, levels: int) -> dict[str, Any]:
        """As the API shows it, in a list and alone: no more of its fields is documented."""
        shown: dict[str, Any] = {"id": self.id, "name": self.name}
        if levels:
            shown["creatives"] = [creative.public for creative in self.creatives.values()]
        return shown


@dataclass
class Activity:
    """One activity, with the fields that can be set but never read back."""

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
    """From when to when it was enabled, the last of them perhaps without an end."""

    def enable(self, enabled: bool, now: datetime) -> None:
        """Let it bid, or bid no more."""
        if enabled and not self.enabled:
            self._runs.append((now, None))
        elif self.enabled and not enabled:
            self._runs[-1] = (self._runs[-1][0], now)
        self.enabled = enabled

    def seconds_bidding(self, begin: datetime, end: datetime, now: datetime) -> float:
        """For how long between two moments, and until now, it was enabled and in its flight."""
        begin, end = max(begin, self.start), min(end, self.stop, now)
        times = (min(end, stopped or now) - max(begin, started) for started, stopped in self._runs)
        return sum((time for time in times if time > timedelta(0)), timedelta(0)).total_seconds()

    def children(self, levels: int) -> dict[str, Any]:
        """Its bidding plans, with their creatives as far as asked for."""
        if not levels:
            return {}
        return {"biddingPlans": [plan.public(levels - 1) for plan in self.plans.values()]}

    def brief(self, levels: int) -> dict[str, Any]:
        """As a list shows it."""
        return {"id": self.id, "name": self.name, **self.children(levels)}

    def public(self, now: datetime) -> dict[str, Any]:
        """Exactly the documented fields of a retrieve."""
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


def make_plans(template: Template) -> dict[str, BiddingPlan]:
    """The bidding plans that an activity gets from its template."""
    plans = {}
    for name, types in template.plans.items():
        creatives = [Creative(str(uuid.uuid4()), kind) for kind in types]
        plan = BiddingPlan(str(uuid.uuid4()), name, {creative.id: creative for creative in creatives})
        plans[plan.id] = plan
    return plans


def _stamp(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}+0000"
