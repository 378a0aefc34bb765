"""What the columns of the scored table are called on the desk, and how their values are written."""

from __future__ import annotations

from dataclasses import dataclass

from features.feature import slug
from models.bundle import CHURN
from models.contract import PROPENSITY_PREFIX
from models.value.quadrants import QUADRANTS
from models.value.segments import SEGMENTS
from models.value.standing import SCORE
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.desk.language import Texts, text
from serving.desk.scored_table import AMOUNTS, EXPECTED, Row, Scored

TITLES = {
    "customer_id": text("Customer"),
    "eligible": text("Eligible"),
    "not_eligible_because": text("Not eligible because"),
    AT_RISK: text("Value at risk"),
    CHURN: text("Risk of leaving"),
    "days_until_leaving": text("Days until gone for good"),
    REALISED: text("Realised value"),
    POTENTIAL: text("Potential value"),
    LIFETIME: text("Lifetime value"),
    INFLUENCE: text("Influence value"),
    SCORE: text("Customer score"),
    "tier": text("Tier"),
    "life_stage": text("Life stage"),
    "quadrant": text("Quadrant"),
    "rfm_segment": text("Segment"),
    "action": text("Suggested action"),
    "basis": text("Basis"),
    "cost": text("Cost"),
    "expected_gain": text("Expected gain"),
    "marked": text("Marked"),
}
EXPECTED_VALUE = text("Expected value, {days} days")
CHANCE = text("Chance of buying {what}")
MARKED = {
    "open": text("open"),
    "done": text("done"),
    "snoozed": text("snoozed"),
    "wrong_reason": text("wrong reason"),
    "all": text("all"),
}
BASIS = {"measured": text("measured"), "assumed": text("assumed")}
NOTHING = text("nothing")
OF_MODELS = {  # groups that bring their Chinese, where the value report does not name them
    "quadrant": {one.name: one.name_zh for one in QUADRANTS},
    "rfm_segment": {one.name: one.name_zh for one in SEGMENTS},
}


@dataclass(frozen=True)
class Words:
    """Says the columns and values of one scored table in one language."""

    scored: Scored
    say: Texts

    def title(self, column: str) -> str:
        """What a column is called."""
        if EXPECTED.fullmatch(column):
            return self.say(EXPECTED_VALUE, days=column.removeprefix("clv_").removesuffix("d"))
        if column.startswith(PROPENSITY_PREFIX):
            return self.say(CHANCE, what=self.category(column))
        return self.say(TITLES.get(column, column))

    def category(self, column: str) -> str:
        """The category that a chance is about, as the company writes it."""
        name = column.removeprefix(PROPENSITY_PREFIX)
        return self.spelt.get(name, name.replace("_", " "))

    @property
    def spelt(self) -> dict[str, str]:
        """Categories by the names that columns have."""
        manifest = self.scored.manifest
        return {slug(name): name for name in manifest.categories} if manifest else {}

    def value(self, row: Row, column: str) -> str:
        """A value as the page shows it; empty where it is not known."""
        found = row.get(column)
        if found is None or found != found:
            return ""
        if column in (*AMOUNTS, INFLUENCE, "cost", "expected_gain") or EXPECTED.fullmatch(column):
            return self.say.money(found)
        if column == CHURN or column.startswith(PROPENSITY_PREFIX):
            return self.say.share(found)
        if column == "days_until_leaving":
            return self.say.days(found)
        return self.say.number(found) if column == SCORE else self.group(column, str(found))

    def group(self, column: str, name: str) -> str:
        """The name of a group or an action."""
        if column == "action":
            return self.action(name)
        if column == "basis":
            return self.say(BASIS.get(name, name))
        return self.say.either(name, self.chinese(column).get(name))

    def chinese(self, column: str) -> dict[str, str]:
        """The Chinese names of the groups of a kind."""
        grouping = self.scored.value.grouping(column) if self.scored.value else None
        return {part.name: part.name_zh for part in grouping.parts} if grouping else OF_MODELS.get(column, {})

    def action(self, name: str) -> str:
        """The name of an action for readers."""
        if name == "none":
            return self.say(NOTHING)
        line = next((one for one in self.scored.plan.actions if one.name == name), None) if self.scored.plan else None
        return self.say.either(line.label, line.label_zh) if line else name

    def choices(self, column: str) -> list[tuple[str, str]]:
        """The groups of a column that somebody is in, in the order of the value report: name, and what it is called."""
        there = [name for name, _ in self.scored.groups.get(column, [])]
        order = {name: k for k, name in enumerate(self.chinese(column))}
        highest_first = -1 if column == "tier" else 1
        ordered = sorted(there, key=lambda name: (highest_first * order.get(name, len(order)), name))
        return [(name, self.group(column, name)) for name in ordered]
