"""What the value layer is worth where the truth is known, and on Hillstrom's trial; how fast a million customers are planned.

    CVM_DATA=... python -m benchmarks.value

Five made-up companies of 20,000 customers, with a trial every half year (voucher, call, none). At the end of their data churn
and clv champions and effects are learned; the plan spends up to half a voucher for every customer who can be scored, by the
lower end of each gain. The truth is the simulation's: by how much every action changes every customer's margin. It is compared
with the same budget spent on the highest risk of leaving, by the one action that gains most that way: the ratio is of what both
add to the margin, costs not taken off (the plan spends less); gains after cost are printed. The correlation is that of
predicted and true changes in rank, over all pairs of customer and action. Hillstrom: the bootstrap's probability that the order
of customers by predicted effect of the women's e-mail on visits is no better than chance, effects predicted by models that had
not seen the customer. The plan: a million customers, five actions, capacities for three. The score beats RFM where it orders
the value kept after the judged date better by normalised Gini, in each of the five companies and by more than chance in all of
them together (the difference over its standard error, added up). Partition violations: customers of the five companies who are
not in exactly one tier, life stage and quadrant. The last line is

{"policy_gain_over_risk_targeting": a, "true_effect_correlation": b, "hillstrom_qini_over_random_p": p, "plan_seconds_1m": s,
"plan_gap": g, "score_beats_rfm": true, "partition_violations": 0}
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.models_data import DATA_FROM, Company, company
from benchmarks.models_kept import FOLDER
from features.project import read_project
from features.simulate import Calendar, simulate
from features.snapshots import build_snapshots, load_snapshot
from models.actions.gains import measured_gains
from models.actions.plan import NOTHING, Limits, best_plan
from models.actions.uplift import Estimate, Uplift
from models.registry import champion
from models.value.report import names_of
from models.value.score_evaluation import MAIN_FIGURE, ScoreEvaluation
from models.value.settings import Layer
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import Standings, numbers_of
from training.campaigns.learn_uplift import learn_uplift
from training.judging.score_back_test import back_test_score
from training.settings import CampaignSettings, TrainingSettings

CUSTOMERS, SEEDS, EVERY_DAYS = 20_000, range(5), 60
ENDS_AT = date(2023, 10, 3)
BUDGET_PER_CUSTOMER = 2.5
COSTS = {"voucher": 5.0, "call": 3.0}  # what the simulation charges
MILLION, ACTIONS = 1_000_000, 5


def main() -> None:
    """Run all parts and print."""
    seconds, gap = plan_of_a_million()
    print(f"  plan of {MILLION:,} customers x {ACTIONS} actions: {seconds:.2f} s, gap {gap:.1e}", flush=True)
    p = hillstrom_p()
    found = [judged(made) for made in map(simulated, SEEDS)]
    ours, risk = (sum(getattr(each, name).added for each in found) for name in ("plan", "risk"))
    result = {
        "policy_gain_over_risk_targeting": round(ours / risk, 2) if risk > 0 else None,
        "true_effect_correlation": round(float(np.mean([each.correlation for each in found])), 3),
        "hillstrom_qini_over_random_p": p,
        "plan_seconds_1m": round(seconds, 2),
        "plan_gap": float(f"{gap:.2g}"),
        "score_beats_rfm": beats([each.score for each in found]),
        "partition_violations": sum(each.violations for each in found),
    }
    print(json.dumps(result))


def plan_of_a_million() -> tuple[float, float]:
    """Seconds and gap, for customers of very different worth."""
    rng = np.random.default_rng(0)
    cost = np.tile(np.round(rng.uniform(0.5, 8, ACTIONS), 1), (MILLION, 1))
    gain = rng.gamma(0.7, 40, (MILLION, 1)) * rng.beta(2, 8, (MILLION, ACTIONS)) - cost
    gain[rng.random(gain.shape) < 0.2] = -np.inf
    limits = Limits(0.8 * MILLION, np.array([0.05 * MILLION, np.inf, 0.05 * MILLION, np.inf, 0.05 * MILLION]))
    started = time.perf_counter()
    plan = best_plan(gain, cost, limits)
    return time.perf_counter() - started, plan.gap


def hillstrom_p() -> float | None:
    """Of the women's e-mail; what is known of both is printed."""
    if DATA_FROM not in os.environ:
        print(f"  hillstrom: left out, {DATA_FROM} does not name the data")
        return None
    file = Path(os.environ[DATA_FROM]) / "hillstrom" / "hillstrom.parquet"
    copy = FOLDER / "value_hillstrom.toml"
    text = Path("configs/hillstrom.toml").read_text(encoding="utf-8").replace("data/hillstrom/hillstrom.csv", str(file))
    FOLDER.mkdir(parents=True, exist_ok=True)
    copy.write_text(text.replace('currency = "USD"', f'currency = "USD"\nout = "{FOLDER / "value"}"'), encoding="utf-8")
    project = read_project(copy)
    build_snapshots(project)
    uplift = learn_uplift(project, TrainingSettings(), CampaignSettings(outcome="bought_visit"))
    say(uplift)
    (womens,) = [effect.evidence for effect in uplift.effects if effect.action == "womens_email" and effect.evidence]
    return round(womens.qini_p, 4)


def say(uplift: Uplift) -> None:
    """Print what is known of every action."""
    for effect in uplift.effects:
        known = effect.evidence
        assert known is not None
        print(
            f"  {uplift.project} {effect.action}: factor {np.exp(effect.log_factor):.3f}, {len(effect.weights)} moderators, "
            f"chance {said(known.on_chance)}, Qini {said(known.qini)}, p {known.qini_p:.4f}",
            flush=True,
        )


def said(found: Estimate) -> str:
    """A figure with its interval."""
    return f"{found.value:+.5f} [{found.lower:+.5f}, {found.upper:+.5f}]"


@dataclass(frozen=True)
class Spent:
    """What a budget was spent for, and what it truly added to the margin."""

    added: float
    cost: float
    customers: int

    def __str__(self) -> str:
        return f"{self.added - self.cost:,.0f} after {self.cost:,.0f} for {self.customers:,} customers"


@dataclass(frozen=True)
class Judged:
    """A company's budget spent by the plan and by the risk of leaving, how well effects were known, and its value layer."""

    plan: Spent
    risk: Spent
    correlation: float
    score: ScoreEvaluation
    violations: int


def simulated(seed: int) -> Company:
    """A made-up company at the end of its data, which is the date whose truth is known."""
    calendar = Calendar(ends_at=ENDS_AT, as_of=(ENDS_AT,))
    made = simulate(FOLDER / f"value_{seed}_raw", customers=CUSTOMERS, seed=seed, calendar=calendar)
    changes: dict[str, object] = {"project.name": f"bench_value_{seed}", "dates.every_days": EVERY_DAYS}
    changes |= {"training.trials.churn": 0, "training.trials.clv": 0, "training.judged_dates": 1}
    return company(made.config, f"value_{seed}", changes)


def judged(made: Company) -> Judged:
    """Learn as of the end of the company's data, plan, and ask the truth."""
    with TemporaryDirectory(prefix="cvm_bench_value_") as folder:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        for task in ("churn", "clv"):
            command = [sys.executable, "-m", "training", task, str(made.config)]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                raise SystemExit(run.stdout + run.stderr)
        churn, clv = (champion(made.project.name, task).bundle for task in ("churn", "clv"))  # type: ignore[arg-type]
        score, wrong = back_test_score(made.project, Layer()), violations(made)
        say_score(score)
    uplift = learn_uplift(made.project, TrainingSettings(), CampaignSettings())
    say(uplift)
    snapshot = load_snapshot(made.project, made.manifest.scored_at)
    rows = snapshot[snapshot["not_eligible_because"].isna()].reset_index(drop=True)
    risk, value = (bundle.predict(rows).iloc[:, 0].to_numpy() for bundle in (churn, clv))
    effects = [effect for effect in uplift.effects if effect.action in COSTS]
    gains = [measured_gains(value, effect, rows, np.full(len(rows), COSTS[effect.action])) for effect in effects]
    true = true_changes(made, rows["customer_id"].astype(str), [effect.action for effect in effects])
    cost = np.tile([COSTS[effect.action] for effect in effects], (len(rows), 1))
    limits = Limits(BUDGET_PER_CUSTOMER * len(rows), np.full(len(effects), np.inf))
    ours = spent(best_plan(np.column_stack([each.lower for each in gains]), cost, limits).action, true, cost)
    theirs, at_risk = (targeted(score, true, cost, limits.budget) for score in (risk, risk * value))
    best = spent(best_plan(true - cost, cost, limits).action, true, cost)
    predicted = np.column_stack([each.expected for each in gains]) + cost
    correlation = float(spearmanr(predicted.ravel(), true.ravel()).statistic)
    print(f"  {made.project.name}, gain of the plan: {ours}; of the highest risk: {theirs};")
    print(f"    of the highest value at risk: {at_risk}; of the best plan: {best}; correlation {correlation:.3f}", flush=True)
    return Judged(ours, theirs, correlation, score, wrong)


def violations(made: Company) -> int:
    """Customers who are not in exactly one group of each kind, counted from the definitions of the groups themselves."""
    snapshot = load_snapshot(made.project, made.manifest.scored_at)
    scorer = Scorer({task: champion(made.project.name, task) for task in ("churn", "clv")})  # type: ignore[arg-type]
    numbers = numbers_of(scorer, snapshot)
    found = Standings(made.project, made.manifest, scorer, Layer()).on(made.manifest.scored_at, snapshot, numbers).standing
    wrong = 0
    for kind in ("tier", "life_stage", "quadrant"):
        names = [name for name, *_ in names_of(kind, found.groups)]
        members = np.array([(found.columns[kind] == name).to_numpy() for name in names])
        wrong += int((members.sum(axis=0) != 1).sum())
    return wrong


def say_score(score: ScoreEvaluation) -> None:
    """Print the order of the score beside the others."""
    figures = {name: metrics[MAIN_FIGURE] for name, metrics in score.metrics.items()}
    said = ", ".join(
        f"{name} {one.value:.3f}"
        + (f" [{-one.ours_less_this.high:+.3f}, {-one.ours_less_this.low:+.3f}]" if one.ours_less_this else "")
        for name, one in figures.items()
    )
    learned = ", ".join(f"{name} {weight:.2f}" for name, weight in score.learned_weights.items())
    print(f"  normalised Gini of the value kept: {said}; learned weights: {learned}", flush=True)


def beats(scores: list[ScoreEvaluation]) -> bool:
    """Whether the score is ahead of RFM in each company, and in all together by more than chance."""
    differences = [score.metrics["rfm"][MAIN_FIGURE].ours_less_this for score in scores]
    known = [one for one in differences if one is not None]
    errors = [(one.high - one.low) / (2 * 1.96) for one in known]
    together = sum(one.value for one in known) / np.sqrt(sum(error**2 for error in errors))
    return len(known) == len(scores) and all(one.value > 0 for one in known) and bool(together > 1.96)


def spent(action: np.ndarray, true: np.ndarray, cost: np.ndarray) -> Spent:
    """By one action or none for each customer."""
    some = np.flatnonzero(action != NOTHING)
    return Spent(float(true[some, action[some]].sum()), float(cost[some, action[some]].sum()), len(some))


def targeted(score: np.ndarray, true: np.ndarray, cost: np.ndarray, budget: float) -> Spent:
    """The budget goes to the highest scores, each with the one action that gains most that way."""
    order, found = np.argsort(-score, kind="stable"), []
    for k in range(true.shape[1]):
        action = np.full(len(true), NOTHING)
        action[order[np.cumsum(cost[order, k]) <= budget]] = k
        found.append(spent(action, true, cost))
    return max(found, key=lambda each: each.added - each.cost)


def true_changes(made: Company, customers: pd.Series, actions: list[str]) -> np.ndarray:
    """What every action would change of every customer's margin: customers x actions."""
    effects = pd.read_parquet(FOLDER / f"{made.config.stem}_raw" / "truth" / "treatment_effects.parquet")
    effects = effects[pd.to_datetime(effects["as_of"]).dt.date == made.manifest.scored_at]
    wide = effects.assign(customer_id=effects["customer_id"].astype(str), action=effects["action"].astype(str)).pivot(
        index="customer_id", columns="action", values="margin_change"
    )
    return wide.loc[list(customers), actions].to_numpy(dtype=np.float64)


if __name__ == "__main__":
    main()
