"""Claims we do not make: what nobody should read into the numbers, with the numbers that say why."""

from __future__ import annotations

from dataclasses import dataclass

from features.families.calendar import DAY_OF_YEAR
from features.raw.duplicates import COPY
from features.snapshots import Manifest
from models.bundle import Bundle
from models.contract import Contract, Task
from models.outcomes import what_counts
from models.registry import Registered
from serving.report.leavers import how_days_are_found, leaving_means
from serving.report.split import caution
from serving.report.wording import count, day, listed, off_by, percent


@dataclass(frozen=True)
class Claim:
    """Something that we do not say, and why not."""

    title: str
    text: str


def disclaim(manifest: Manifest, models: dict[Task, Registered]) -> list[Claim]:
    """The claims that this project's numbers do not bear."""
    contracts = {task: model.bundle.contract for task, model in models.items()}
    found = [_no_cause(), *(_interval(models["clv"]) if "clv" in models else []), _totals(models)]
    found.append(_one_date(next(iter(models.values())).bundle))
    if "churn" in contracts:
        found += [_leaving(contracts["churn"]), _no_day(contracts["churn"])]
    if "clv" in contracts:
        found.append(_money(manifest, contracts["clv"]))
    if "propensity" in contracts and contracts["propensity"].told_by == "orders":
        found.append(_categories(manifest))
    found += [*_known_already(manifest, contracts), *_quarantine(manifest), *_other_data(manifest, models)]
    return found


def _no_cause() -> Claim:
    return Claim(
        "No reason and no prediction is a cause",
        "A reason says which feature moved a prediction, not what would happen if somebody changed it. Neither the risk of "
        "leaving nor the chance of buying says whom a campaign would win: that takes a randomised test.",
    )


def _interval(clv: Registered) -> list[Claim]:
    if clv.bundle.intervals is None:
        return []
    nominal = clv.bundle.intervals.coverage
    metrics = next(iter(clv.bundle.evaluation.outputs.values())).metrics
    key = f"coverage_{round(nominal * 100)}"
    measured = [
        f"{percent(metrics[name].value)} {whom}"
        for name, whom in ((key, "of all customers"), (f"{key}_top_decile", "of the tenth predicted highest"))
        if name in metrics
    ]
    text = (
        f"It promises {percent(nominal, 0)}. On {day(clv.bundle.evaluation.judged_at)} it held the outcome of "
        f"{listed(measured)}. Count on what was measured: the promise holds only while customers stray from predictions as "
        f"they did on the inner dates, up to {day(clv.bundle.contract.roles.calibrate)}."
    )
    return [Claim("The interval is only as good as the measured one", text)] if measured else []


def _totals(models: dict[Task, Registered]) -> Claim:
    said = []
    for task, model in models.items():
        ratios = {
            name: one.metrics["sum_ratio"].value
            for name, one in model.bundle.evaluation.outputs.items()
            if "sum_ratio" in one.metrics
        }
        if len(ratios) == 1:
            said.append(f"{task} was {off_by(next(iter(ratios.values())))}")
        elif ratios:
            lowest, highest = min(ratios.values()), max(ratios.values())
            said.append(f"{task} was between {off_by(lowest)} and {off_by(highest)}, by category")
    text = (
        f"In total, {'; '.join(said)}. The lists put customers in order; sums over many customers are not a budget or "
        "a forecast, and were not corrected for this."
    )
    return Claim("The total is not a forecast", text if said else "Totals were not judged.")


def _one_date(bundle: Bundle) -> Claim:
    evaluation, roles = bundle.evaluation, bundle.contract.roles
    text = (
        f"All figures come from {count(evaluation.customers)} customers on {day(evaluation.judged_at)} and the "
        f"{bundle.contract.horizon_days} days after it. Another season may do better or worse: the 95 % intervals say how far "
        "other customers of that date could have moved a figure, and nothing of other dates. "
    )
    if split := caution(roles):
        return Claim("One date is not every date", text + split)
    return Claim(
        "One date is not every date",
        f"{text}The models were fitted on snapshots up to {day(max(roles.fitted_on))} and know no outcome after "
        f"{day(evaluation.judged_at)}.",
    )


def _leaving(churn: Contract) -> Claim:
    title = "Leaving is what the labels say" if churn.told_by == "labels" else "Leaving is not for ever"
    return Claim(title, leaving_means(churn))


def _no_day(churn: Contract) -> Claim:
    text = f"{how_days_are_found(churn)} The interval is wide, because it has to hold eight customers in ten."
    if churn.expects_orders and DAY_OF_YEAR in churn.features:
        text += " A quiet season ahead raises the chance of no order, and so more customers seem to have left."
    return Claim("Days until gone for good are no appointment", text)


def _money(manifest: Manifest, clv: Contract) -> Claim:
    if clv.told_by == "labels":
        text = f"Value is what tables.labels.value says, in {manifest.currency}."
    else:
        what = what_counts(manifest.words.mapped)
        text = (
            f"Expected value is {what} within {clv.horizon_days} days, in {manifest.currency}, with refunds subtracted, as the "
            "mapping file makes it from tables.orders, and not for a lifetime."
        )
        text += " No cost is mapped: it is revenue and not profit." if what == "net spend" else ""
        text += (
            " What looks further ahead (potential and lifetime value, customer equity) rests on the rhythm of orders and last "
            "year's season, and was not judged."
        )
    return Claim("Money is what the mapping file says it is", text)


def _known_already(manifest: Manifest, contracts: dict[Task, Contract]) -> list[Claim]:
    """Where the scored date is one that was learned from."""
    roles = {task: contract.roles for task, contract in contracts.items()}
    known = [task for task, each in roles.items() if manifest.scored_at in (*each.fitted_on, each.judge)]
    if not known:
        return []
    text = (
        f"The outcomes of the scored customers after {day(manifest.scored_at)} are known, and {listed(known)} learned from "
        "most of them. These numbers agree with them more than those of new customers will."
    )
    return [Claim("The scored customers are no test", text)]


def _categories(manifest: Manifest) -> Claim:
    text = (
        f"The {len(manifest.categories)} categories are as mapped in the mapping file (tables.orders.category), for instance "
        "from words in product names; where those words mislead, so does the category. Each category is judged by itself, "
        "and the chances do not add up to 100 %."
    )
    return Claim("Categories are not the company's product tree", text)


def _quarantine(manifest: Manifest) -> list[Claim]:
    """Of the rows set aside; what a copy says is known from the row that is kept."""
    aside = {name: report.rows_quarantined - report.quarantine_reasons.get(COPY, 0) for name, report in manifest.tables.items()}
    away = [f"{count(rows)} of {count(manifest.tables[name].rows_read)} rows of {name}" for name, rows in aside.items() if rows]
    if not away:
        return []
    text = (
        f"Nothing is known from {listed(away)}: they are in quarantine, with the reason, and no customer's numbers hold them."
    )
    return [Claim("Quarantined rows are nobody's", text)]


def _other_data(manifest: Manifest, models: dict[Task, Registered]) -> list[Claim]:
    other = [task for task, model in models.items() if model.bundle.contract.data_fingerprint != manifest.data_fingerprint]
    if not other:
        return []
    text = f"The data have changed since {listed(other)} was trained: its figures speak for the data it was trained on."
    return [Claim("The models are older than the data", text)]
