"""What customers are worth and where they stand: totals, equity and how it moved, groups, migration, score, alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.problems import BadInput
from features.project import Project
from features.records import read_record
from features.snapshots import Manifest
from models.value.report import Grouping, SegmentFigure, ValueReport
from models.value.score_evaluation import MAIN_FIGURE, RIVALS, ScoreEvaluation, score_file
from models.value.segments import SEGMENTS
from models.value.worth import AT_RISK, INFLUENCE, LIFETIME, POTENTIAL, REALISED
from serving.report.company import FIGURES, say_figure
from serving.report.customers import Group
from serving.report.wording import count, day, money, percent
from serving.scoring.everybody import SCORE_COMMAND
from serving.scoring.scorer import Scorer
from serving.scoring.value_layer import alerts_file, value_file

ALERTS_SHOWN = 8
TITLES = {"life_stage": "Life stages", "quadrant": "Profit against loyalty", "tier": "Tiers", "rfm_segment": "Segments"}
COMPONENTS = {
    "value": "how much is expected of her",
    "satisfaction": "her last answers and complaints",
    "loyalty": "how long and how steadily she buys, and how likely she stays",
}


@dataclass(frozen=True)
class Total:
    """One sum over all customers."""

    title: str
    says: str
    amount: str


@dataclass(frozen=True)
class Step:
    """One part of how equity moved; `of_all` is its share of the larger of both dates."""

    title: str
    says: str
    amount: str
    customers: str
    of_all: float


@dataclass(frozen=True)
class GroupLine:
    """One group of a kind."""

    name: str
    group: str
    customers: str
    share: str
    of_all: float
    realised: str
    potential: str
    at_risk: str
    score: str
    does: str


@dataclass(frozen=True)
class Groups:
    """All groups of one kind, and from where to where customers went."""

    kind: str
    title: str
    lines: tuple[GroupLine, ...]
    has_strategy: bool
    heads: tuple[str, ...]  # of the migration; empty where there is none
    moves: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class AlertLine:
    """Somebody who is in another tier than before."""

    customer_id: str
    then: str
    now: str
    moved: str
    reason: str


@dataclass(frozen=True)
class Beside:
    """The score beside another order of the same customers."""

    name: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class ScorePart:
    """The weights of the score, how firm it is, and how it did."""

    weights: tuple[tuple[str, str, str, str], ...]  # component, what it is, as configured, as learned
    missing: str
    firm: str
    verdict: tuple[str, ...]
    judged_at: str
    beside: tuple[Beside, ...]


@dataclass(frozen=True)
class FigureLine:
    """One figure of one segment."""

    title: str
    segment: str
    value: str
    interval: str
    customers: str


@dataclass(frozen=True)
class ValuePart:
    """Everything the section on value shows."""

    as_of: str
    before: str
    totals: tuple[Total, ...]
    remarks: tuple[str, ...]
    equity: str
    steps: tuple[Step, ...]
    groups: tuple[Groups, ...]
    tiers: Groups | None  # of whom only the migration is shown: they stand in the section on the company
    fell: tuple[AlertLine, ...]
    rose: tuple[AlertLine, ...]
    alerts: str
    score: ScorePart | None
    segment_figures: tuple[FigureLine, ...]
    monthly_heads: tuple[str, ...]
    monthly: tuple[tuple[str, tuple[str, ...]], ...]
    chinese: dict[str, str]

    @property
    def is_known(self) -> bool:
        """Whether the project's tables tell anything of it."""
        return bool(self.totals or self.groups or self.score or self.segment_figures)


def load_value_report(project: Project, manifest: Manifest, models: Mapping[str, str]) -> ValueReport:
    """What the scoring step wrote. Raises BadInput where it is not of the last date, or of the numbers of other `models`."""
    file = value_file(project)
    found = read_record(file, ValueReport)
    if found is None or (found.as_of, found.models) != (manifest.scored_at, models):
        raise BadInput(
            f"{file} does not say what the customers of {manifest.scored_at} are worth by the models that answer; score them "
            f"again: {SCORE_COMMAND}"
        )
    return found


def gather_value(
    project: Project,
    manifest: Manifest,
    scorer: Scorer,
    value: ValueReport,
    predictions: pd.DataFrame,
    groups: list[Group],
) -> ValuePart:
    """The facts of the section; `groups` get those that its figures link to, with the rows of `predictions` as members."""
    currency = manifest.currency
    found = {one.kind: _groups(one, predictions, groups, currency) for one in value.groupings}
    rows = pq.read_table(alerts_file(project)).to_pylist() if alerts_file(project).exists() else []
    figures = [one for one in value.figures if one.figure in FIGURES]
    return ValuePart(
        as_of=day(value.as_of),
        before=day(value.before) if value.before else "",
        totals=tuple(_totals(value, currency, manifest.horizon_days)),
        remarks=tuple(_remarks(value)),
        equity=_equity(value, currency),
        steps=tuple(_steps(value, currency)),
        groups=tuple(found[kind] for kind in ("life_stage", "quadrant") if kind in found),
        tiers=found.get("tier"),
        fell=tuple(_alert(row, currency) for row in rows if not row["rose"])[:ALERTS_SHOWN],
        rose=tuple(_alert(row, currency) for row in reversed(rows) if row["rose"])[:ALERTS_SHOWN],
        alerts=count(value.alerts),
        score=_score(project, value, scorer),
        segment_figures=tuple(_figure_line(one) for one in figures if one.as_of == value.as_of and one.segment != "all"),
        monthly_heads=tuple(FIGURES[name][0] for name in _known(figures)),
        monthly=tuple(_monthly(figures)),
        chinese=_chinese(value, rows),
    )


def _totals(value: ValueReport, currency: str, horizon_days: int) -> list[Total]:
    what = "margin" if value.is_of_margins else "net spend"
    said = {
        REALISED: ("Realised value", f"{what} to date less the cost of winning and keeping"),
        POTENTIAL: ("Potential value", f"{what} expected within {value.horizon_days} days, discounted"),
        LIFETIME: ("Lifetime value", "realised and potential value less the cost of keeping still to come"),
        AT_RISK: ("Value at risk", f"risk of leaving times the value expected within {horizon_days} days, added up"),
        INFLUENCE: ("Influence value", "the lifetime value of customers whom others have brought"),
    }
    known = {name: amount for name, amount in value.totals.items() if amount is not None}
    return [Total(*said[name], money(known[name], currency)) for name in said if name in known]


def _remarks(value: ValueReport) -> list[str]:
    if not any(amount is not None for amount in value.totals.values()):
        return []
    said = []
    if value.totals[POTENTIAL] is not None:
        said.append(
            f"Money a year ahead counts {percent(1 - 1 / (1 + value.discount_rate_per_year))} less. Who is not eligible has no "
            "potential value, and so no lifetime value: what she has brought is in the realised one only."
        )
    said += [f"Not recorded, and counted as 0: {one}." for one in value.unrecorded]
    return said + ([f"No influence value: {value.influence_unknown}."] if value.influence_unknown else [])


def _equity(value: ValueReport, currency: str) -> str:
    found = value.equity
    if found is None:
        return ""
    known = f"Customer equity: {money(found.value, currency)} from {count(found.customers)} customers"
    return f"{known} (95 % interval {money(found.lower, currency)} to {money(found.upper, currency)})."


def _steps(value: ValueReport, currency: str) -> list[Step]:
    found = value.movement
    if found is None or value.before is None:
        return []
    most = max(found.then, found.now, 1e-9)
    said = [
        ("then", f"on {day(value.before)}", found.then, ""),
        ("kept", "what is expected of the same customers on both dates", found.kept, "kept"),
        ("grown", "more than then, of the same customers", found.grown, "grown"),
        ("shrunk", "less than then, of the same customers", -found.shrunk, "shrunk"),
        ("lost", "what is gone with customers who have left since", -found.lost, "lost"),
        ("won", "customers who were not there then", found.won, "won"),
        ("now", f"on {day(value.as_of)}", found.now, ""),
    ]
    return [
        Step(title, says, money(amount, currency), count(found.customers[part]) if part else "-", abs(amount) / most)
        for title, says, amount, part in said
    ]


def _groups(one: Grouping, predictions: pd.DataFrame, groups: list[Group], currency: str) -> Groups:
    total = max(sum(part.customers for part in one.parts), 1)
    lines = []
    for part in one.parts:
        group = f"{one.kind.replace('_', '-')}-{part.name.replace(' ', '-')}"
        if part.customers and one.kind in ("life_stage", "quadrant"):
            groups.append(Group(group, part.name, (predictions[one.kind] == part.name).to_numpy()))

        def said(name: str, sums: dict[str, float | None] = part.sums) -> str:
            amount = sums[name]
            return "-" if amount is None else money(amount, currency)

        lines.append(
            GroupLine(
                name=part.name,
                group=group if part.customers else "",
                customers=count(part.customers),
                share=percent(part.customers / total),
                of_all=part.customers / total,
                realised=said(REALISED),
                potential=said(POTENTIAL),
                at_risk=said(AT_RISK),
                score="-" if part.mean_score is None else f"{part.mean_score:.0f}",
                does=part.does or "",
            )
        )
    heads, moves = _moves(one) if one.migration else ((), ())
    return Groups(
        kind=one.kind,
        title=TITLES[one.kind],
        lines=tuple(lines),
        has_strategy=any(line.does for line in lines),
        heads=heads,
        moves=moves,
    )


def _moves(one: Grouping) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """The head and the rows of the migration, tiers from the highest on."""
    names = [part.name for part in one.parts]
    order = list(range(len(names)))
    if one.kind == "tier":
        order.reverse()
    order.append(len(names))  # who was not known
    cells = np.array(one.migration)[np.ix_(order, order)].tolist()
    then, now = ([[*names, unknown][k] for k in order] for unknown in ("not known then", "not known now"))
    said = (tuple(count(number) if number else "-" for number in row) for row in cells)
    return tuple(now), tuple(zip(then, said, strict=True))


def _alert(row: dict[str, object], currency: str) -> AlertLine:
    moved = float(str(row["moved"]))
    return AlertLine(
        customer_id=str(row["customer_id"]),
        then=str(row["then"]),
        now=str(row["now"]),
        moved=f"{'+' if moved > 0 else ''}{money(moved, currency)}",
        reason=str(row["reason"]),
    )


def _score(project: Project, value: ValueReport, scorer: Scorer) -> ScorePart | None:
    if value.score is None:
        return None
    judged = _judged(project, scorer)
    learned = judged.learned_weights if judged else {}
    absent = [name for name in COMPONENTS if name not in value.score.components]
    firm = value.score.firmness
    return ScorePart(
        weights=tuple(
            (name, says, percent(value.score.weights[name], 0), percent(learned[name], 0) if name in learned else "-")
            for name, says in COMPONENTS.items()
        ),
        missing=f"Nothing tells of {' and '.join(absent)}: what that weighs is shared among the others." if absent else "",
        firm=""
        if len(value.score.components) == 1
        else f"With one weight a fifth more or less, ranks correlate at least {firm.rank_correlation:.3f}, and "
        f"{percent(firm.moved_share)} of the customers move by more than 10 percentage points.",
        verdict=judged.verdict if judged else (),
        judged_at=day(judged.judged_at) if judged else "",
        beside=tuple(_beside(judged)) if judged else (),
    )


def _judged(project: Project, scorer: Scorer) -> ScoreEvaluation | None:
    """The back-test, where it is of the models that answer."""
    found = read_record(score_file(project), ScoreEvaluation)
    return found if found and all(scorer.versions.get(task) == label for task, label in found.models.items()) else None


def _beside(judged: ScoreEvaluation) -> list[Beside]:
    names = {"score": "the score as configured", **RIVALS}
    return [
        Beside(
            name,
            tuple(
                f"{metric.value:.3f}" + (f" ({metric.low:.3f} to {metric.high:.3f})" if metric.low is not None else "")
                for metric in (judged.metrics[key][figure] for figure in (MAIN_FIGURE, "spearman", "top_decile_capture"))
            ),
        )
        for key, name in names.items()
        if key in judged.metrics
    ]


def _figure_line(one: SegmentFigure) -> FigureLine:
    return FigureLine(
        title=FIGURES[one.figure][0],
        segment=one.segment,
        value=say_figure(one.figure, one.value),
        interval=f"{say_figure(one.figure, one.lower)} to {say_figure(one.figure, one.upper)}",
        customers=count(one.customers),
    )


def _known(figures: Sequence[SegmentFigure]) -> list[str]:
    return [name for name in FIGURES if any(one.figure == name for one in figures)]


def _monthly(figures: Sequence[SegmentFigure]) -> list[tuple[str, tuple[str, ...]]]:
    """By date, every figure of all customers with its interval."""
    found = {(one.as_of, one.figure): one for one in figures if one.segment == "all"}
    dates, names = sorted({as_of for as_of, _ in found}), _known(figures)
    return [
        (
            day(as_of),
            tuple(
                f"{say_figure(name, one.value)} ({say_figure(name, one.lower)} to {say_figure(name, one.upper)})"
                if (one := found.get((as_of, name)))
                else "-"
                for name in names
            ),
        )
        for as_of in dates
    ]


def _chinese(value: ValueReport, alerts: list[dict[str, object]]) -> dict[str, str]:
    """The words that the value layer brings with it."""
    found = {segment.name: segment.name_zh for segment in SEGMENTS}
    found |= {part.name: part.name_zh for one in value.groupings for part in one.parts}
    found |= {str(part.does): str(part.does_zh) for one in value.groupings for part in one.parts if part.does}
    return found | {str(row["reason"]): str(row["reason_zh"]) for row in alerts}
