"""What the page of the list shows: heads to sort by, rows, choices of the filters, and links to the pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from models.bundle import CHURN
from models.contract import PROPENSITY_PREFIX
from models.value.standing import GROUPS
from serving.desk.language import text
from serving.desk.marks import State
from serving.desk.scored_table import Row, Rows, Scored
from serving.desk.words import MARKED, Words
from serving.desk.work_list import LISTED, PAGE, Question, page_of

DESK = "/desk"
STANDING = text("Where they stand")
TOP_REASON = text("Strongest reason")
CHANCES_SHOWN = 3
RISKS = (10, 25, 50, 75, 90)


@dataclass(frozen=True)
class Head:
    """The head of a column; without an address it cannot be sorted by."""

    column: str
    title: str
    address: str = ""
    sorted: str = ""  # as aria-sort says it
    is_number: bool = True


@dataclass(frozen=True)
class Cell:
    """One value of a row; `meter` is the length of its bar in percent."""

    title: str
    value: str
    is_number: bool = True
    meter: float | None = None
    small: str = ""
    name: str = ""


@dataclass(frozen=True)
class ListedCustomer:
    """One row."""

    customer_id: str
    address: str
    state: State
    cells: list[Cell]


@dataclass(frozen=True)
class Choice:
    """A filter: its name in the address, its title, and what can be chosen."""

    name: str
    title: str
    chosen: str
    options: list[tuple[str, str]]


@dataclass(frozen=True)
class Listing:
    """The page of the list."""

    heads: list[Head]
    customers: list[ListedCustomer]
    choices: list[Choice]
    orders: list[tuple[str, str]]
    sort: str
    way: str
    found: int
    first: int
    last: int
    page: int
    pages: int
    links: dict[str, str]  # first, previous, next, last, export


def customer_address(customer_id: str, query: str = "") -> str:
    """The address of a customer's page, whatever the id is made of; `query` is that of the list to go back to.

    >>> customer_address("a/b?#"), customer_address("..")
    ('/desk/customers/a%2Fb%3F%23', '/desk/customers/..')
    """
    back = f"?{urlencode({'list': query})}" if query else ""
    return f"{DESK}/customers/{quote(customer_id, safe='')}{back}"


def listing(question: Question, found: Rows, states: dict[str, State], words: Words) -> Listing:
    """The page that is asked for of those found."""
    rows, page, pages = page_of(found, question.page)
    shown = words.scored.rows(rows) if len(rows) else []
    texts = words.scored.top_reasons(shown, words.say.language)
    columns = _columns(words.scored)
    query = question.address(page=page)
    first = (page - 1) * PAGE + 1 if len(rows) else 0
    column, descending = question.ordered_by(words.scored)
    return Listing(
        heads=_heads(columns, question, words),
        customers=[
            ListedCustomer(
                row["customer_id"],
                customer_address(row["customer_id"], query),
                states.get(row["customer_id"], State()),
                _cells(row, columns, reason, words),
            )
            for row, reason in zip(shown, texts, strict=True)
        ],
        choices=_choices(question, words),
        orders=[(name, words.title(name)) for name in (*words.scored.numbers, "customer_id")],
        sort=column,
        way="desc" if descending else "asc",
        found=len(found),
        first=first,
        last=first + len(rows) - 1 if len(rows) else 0,
        page=page,
        pages=pages,
        links=_links(question, page, pages),
    )


def list_address(query: str) -> str:
    """The list with a query."""
    return f"{DESK}?{query}" if query else DESK


def _columns(scored: Scored) -> list[str]:
    """The numbers shown of everybody, as far as there are any."""
    known = scored.usual_orders
    without_risk_and_value = CHURN not in known and scored.expected is None
    return [*known, *(scored.propensities[:CHANCES_SHOWN] if without_risk_and_value else [])]


def _heads(columns: list[str], question: Question, words: Words) -> list[Head]:
    found = [_head("customer_id", question, words), *(_head(name, question, words) for name in columns)]
    if _stand(words.scored):
        found.append(Head("standing", words.say(STANDING), is_number=False))
    if words.scored.plan:
        found.append(_head("expected_gain", question, words, title=words.title("action")))
    if words.scored.reasoned:
        found.append(Head("reason", words.say(TOP_REASON), is_number=False))
    return found


def _head(column: str, question: Question, words: Words, title: str = "") -> Head:
    by, descending = question.ordered_by(words.scored)
    way = ("asc" if descending else "desc") if by == column else ("asc" if column == "customer_id" else "desc")
    usual = "asc" if column == "customer_id" else "desc"
    sort = "" if column == words.scored.first_order else column
    address = list_address(question.address(sort=sort, way="" if way == usual else way, page=1))
    is_sorted = ("descending" if descending else "ascending") if by == column else ""
    is_number = column not in ("customer_id", "expected_gain")
    return Head(column, title or words.title(column), address, is_sorted, is_number)


def _cells(row: Row, columns: list[str], reason: str | None, words: Words) -> list[Cell]:
    say = words.say
    cells = [Cell(words.title(name), words.value(row, name), meter=_meter(row, name)) for name in columns]
    stands = " · ".join(filter(None, (words.value(row, name) for name in ("tier", "life_stage"))))
    segment = words.value(row, "rfm_segment")  # "loyal" is also a life stage
    also = " · ".join(filter(None, (segment and f"RFM {segment}", words.value(row, "quadrant"))))
    if _stand(words.scored):
        cells.append(Cell(say(STANDING), stands, is_number=False, small=also, name="standing"))
    if words.scored.plan:
        gain = say(text("gains {amount}"), amount=say.money(row["expected_gain"])) if row["action"] != "none" else ""
        cells.append(Cell(words.title("action"), words.action(row["action"]), is_number=False, small=gain))
    if words.scored.reasoned:
        why = say(text("not eligible: {why}"), why=say.other(row["not_eligible_because"] or "")) if not row["eligible"] else ""
        cells.append(Cell(say(TOP_REASON), reason or why, is_number=False))
    return cells


def _stand(scored: Scored) -> bool:
    """Whether anything tells where customers stand."""
    return any(name in scored.groups for name in GROUPS)


def _meter(row: Row, name: str) -> float | None:
    value = row[name]
    return round(100 * value, 1) if (name == CHURN or name.startswith(PROPENSITY_PREFIX)) and value == value and value else None


def _choices(question: Question, words: Words) -> list[Choice]:
    say = words.say
    found = [Choice("marked", say(text("Marked")), question.marked, [(name, say(said)) for name, said in MARKED.items()])]
    whatever = ("", say(text("any")))
    for name in LISTED:
        if words.scored.groups.get(name):
            found.append(Choice(name, words.title(name), getattr(question, name), [whatever, *words.choices(name)]))
    if CHURN in words.scored.columns:
        least = [(str(percent), say(text("at least {share}"), share=say.share(percent / 100))) for percent in RISKS]
        if question.risk and question.risk not in dict(least):
            least.append((question.risk, say(text("at least {share}"), share=say.share(float(question.risk) / 100))))
        found.append(Choice("risk", words.title(CHURN), question.risk, [whatever, *least]))
    eligible = [whatever, ("yes", say(text("yes"))), ("no", say(text("no")))]
    return [*found, Choice("eligible", words.title("eligible"), question.eligible, eligible)]


def _links(question: Question, page: int, pages: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if page > 1:
        found |= {"first": question.address(page=1), "previous": question.address(page=page - 1)}
    if page < pages:
        found |= {"next": question.address(page=page + 1), "last": question.address(page=pages)}
    links = {name: list_address(query) for name, query in found.items()}
    export = question.address(page=1)
    return links | {"export": f"{DESK}/export.csv" + (f"?{export}" if export else "")}
