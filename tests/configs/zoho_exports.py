"""A made-up company in Zoho CRM: one account whose records are written out, and others by chance."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from tests.configs.exports import Record, write_export

ACCOUNTS = (
    "Record Id", "Account Owner.id", "Account Owner", "Account Name", "Phone", "Website", "Account Type", "Industry",
    "Annual Revenue", "Employees", "Rating", "Billing Country", "Created Time", "Modified Time", "Last Activity Time",
)  # fmt: skip
CONTACTS = ("Record Id", "Contact Owner", "First Name", "Last Name", "Account Name.id", "Account Name", "Email", "Created Time")
DEALS = (
    "Record Id", "Deal Owner.id", "Deal Owner", "Amount", "Deal Name", "Closing Date", "Account Name.id", "Account Name",
    "Stage", "Type", "Probability (%)", "Lead Source", "Contact Name.id", "Contact Name", "Created Time", "Modified Time",
)  # fmt: skip
CALLS = (
    "Record Id", "Call Owner", "Subject", "Call Type", "Call Purpose", "Contact Name.id", "Contact Name", "Related To.id",
    "Related To", "Call Start Time", "Call Duration", "Call Duration (in seconds)", "Call Result", "Created Time",
)  # fmt: skip
TASKS = (
    "Record Id", "Task Owner", "Subject", "Due Date", "Contact Name.id", "Contact Name", "Related To.id", "Related To",
    "Status", "Priority", "Closed Time", "Created Time",
)  # fmt: skip
CASES = (
    "Record Id", "Case Number", "Case Owner", "Status", "Product Name", "Type", "Case Origin", "Subject", "Account Name.id",
    "Account Name", "Case Reason", "Priority", "Created Time", "Modified Time",
)  # fmt: skip
MEMBERS = ("Campaign Name", "Start Date", "Contact Id", "Contact Name", "Member Status")

FIRST, LAST = datetime(2024, 1, 1), datetime(2025, 6, 30)
ADA, HER_CONTACT, HER_DEAL = "zcrm_1", "zcrm_2", "zcrm_12"


def write_zoho_exports(folder: Path, *, accounts: int = 60, seed: int = 0) -> None:
    """All modules; deals in two files, as an export of many records comes."""
    rng = random.Random(seed)
    made = [_made_up(rng, number) for number in range(accounts)]
    write_export(folder / "Accounts_001.csv", ACCOUNTS, [_ADAS_ACCOUNT, *(account for account, _ in made)])
    write_export(folder / "Contacts_001.csv", CONTACTS, [_ADAS_CONTACT, *(contact for _, contact in made)])
    deals = [*_ADAS_DEALS, *_made_up_deals(rng, made)]
    write_export(folder / "Deals_001.csv", DEALS, deals[:200])
    write_export(folder / "Deals_002.csv", DEALS, deals[200:])
    write_export(folder / "Calls_001.csv", CALLS, [*_ADAS_CALLS, *_made_up_calls(rng, made)])
    write_export(folder / "Tasks_001.csv", TASKS, [*_ADAS_TASKS, *_made_up_tasks(rng, made)])
    write_export(folder / "Cases_001.csv", CASES, [*_ADAS_CASES, *_made_up_cases(rng, made)])
    write_export(folder / "Campaign_Members.csv", MEMBERS, [*_ADAS_CAMPAIGNS, *_made_up_members(rng, made)])


_ADAS_ACCOUNT: Record = {
    "Record Id": ADA, "Account Name": "Ada & Co, Ltd", "Account Type": "Customer", "Industry": "Data/Telecom OEM",
    "Employees": 12, "Rating": "Active", "Billing Country": "UK", "Created Time": "2024-01-10 09:00:00",
}  # fmt: skip
_ADAS_CONTACT: Record = {
    "Record Id": HER_CONTACT,
    "Last Name": "Ada",
    "Account Name.id": ADA,
    "Created Time": "2024-01-10 09:05:00",
}
_ADAS_DEALS: list[Record] = [
    {"Record Id": "zcrm_11", "Stage": "Closed Won", "Amount": "1000", "Closing Date": "2024-03-01", "Account Name.id": ADA, "Type": "New Business"},
    {"Record Id": HER_DEAL, "Stage": "Closed Won", "Amount": "250.5", "Closing Date": "2025-06-01", "Account Name.id": ADA, "Type": "Existing Business"},
    {"Record Id": "zcrm_13", "Stage": "Closed Lost", "Amount": "9999", "Closing Date": "2025-06-20", "Account Name.id": ADA, "Type": "Existing Business"},
    {"Record Id": "zcrm_14", "Stage": "Negotiation/Review", "Amount": "800", "Closing Date": "2025-12-31", "Account Name.id": ADA},
]  # fmt: skip
_ADAS_CALLS: list[Record] = [
    {"Record Id": "zcrm_21", "Call Type": "Inbound", "Related To.id": HER_DEAL, "Call Start Time": "2025-06-20 10:00:00", "Call Duration (in seconds)": 120},
    {"Record Id": "zcrm_22", "Call Type": "Outbound", "Contact Name.id": HER_CONTACT, "Call Start Time": "2025-06-25 16:30:00", "Call Duration (in seconds)": 60},
]  # fmt: skip
_ADAS_TASKS: list[Record] = [
    {"Record Id": "zcrm_31", "Subject": "Send the offer", "Related To.id": ADA, "Status": "Completed", "Closed Time": "2025-06-26 08:00:00"},
    {"Record Id": "zcrm_32", "Subject": "Call back", "Related To.id": ADA, "Status": "Not Started", "Due Date": "2025-07-15"},
]  # fmt: skip
_ADAS_CASES: list[Record] = [
    {"Record Id": "zcrm_41", "Type": "Problem", "Case Origin": "Email", "Status": "Closed", "Account Name.id": ADA, "Created Time": "2025-05-10 11:00:00", "Modified Time": "2025-05-13 09:00:00"},
    {"Record Id": "zcrm_42", "Type": "Problem", "Case Origin": "Phone", "Status": "New", "Account Name.id": ADA, "Created Time": "2025-06-29 15:00:00", "Modified Time": "2025-06-29 15:10:00"},
    {"Record Id": "zcrm_43", "Type": "Question", "Case Origin": "Web", "Status": "Closed", "Account Name.id": ADA, "Created Time": "2025-06-01 08:00:00", "Modified Time": "2025-06-01 12:00:00"},
]  # fmt: skip
_ADAS_CAMPAIGNS: list[Record] = [
    {"Campaign Name": "Spring", "Start Date": "2025-04-01", "Contact Id": HER_CONTACT, "Member Status": "Sent"},
    {"Campaign Name": "Summer", "Start Date": "2025-06-15", "Contact Id": HER_CONTACT, "Member Status": "Planned"},
]


def _made_up(rng: random.Random, number: int) -> tuple[Record, Record]:
    created = _time(rng, FIRST, FIRST + timedelta(days=90))
    account = {
        "Record Id": f"zcrm_{1000 + number}", "Account Name": f"Company {number}", "Industry": rng.choice(["ASP", "ERP", ""]),
        "Account Type": rng.choice(["Customer", "Partner"]), "Employees": rng.choice([5, 50, ""]),
        "Billing Country": rng.choice(["UK", "India"]), "Created Time": created,
    }  # fmt: skip
    return account, {
        "Record Id": f"zcrm_{2000 + number}",
        "Last Name": "Bo",
        "Account Name.id": account["Record Id"],
        "Created Time": created,
    }


def _made_up_deals(rng: random.Random, made: list[tuple[Record, Record]]) -> list[Record]:
    deals = [
        {
            "Record Id": f"zcrm_{3000 + number}", "Account Name.id": rng.choice(made)[0]["Record Id"], "Amount": rng.randint(50, 5000),
            "Stage": rng.choice(["Closed Won", "Closed Won", "Closed Lost", "Qualification"]), "Closing Date": _time(rng)[:10],
            "Type": rng.choice(["New Business", "Existing Business"]),
        }
        for number in range(450)
    ]  # fmt: skip
    return [*deals, deals[0] | {"Record Id": "zcrm_3999", "Stage": "Closed Won", "Closing Date": f"{LAST:%Y-%m-%d}"}]


def _made_up_calls(rng: random.Random, made: list[tuple[Record, Record]]) -> list[Record]:
    return [
        {"Record Id": f"zcrm_{4000 + number}", "Call Type": rng.choice(["Inbound", "Outbound"]), "Contact Name.id": rng.choice(made)[1]["Record Id"], "Call Start Time": _time(rng), "Call Duration (in seconds)": rng.randint(5, 900)}
        for number in range(300)
    ]  # fmt: skip


def _made_up_tasks(rng: random.Random, made: list[tuple[Record, Record]]) -> list[Record]:
    return [
        {"Record Id": f"zcrm_{5000 + number}", "Subject": "Visit", "Related To.id": rng.choice(made)[0]["Record Id"], "Status": "Completed", "Closed Time": _time(rng)}
        for number in range(200)
    ]  # fmt: skip


def _made_up_cases(rng: random.Random, made: list[tuple[Record, Record]]) -> list[Record]:
    cases: list[Record] = []
    for number in range(200):
        created = datetime.fromisoformat(_time(rng))
        cases.append({"Record Id": f"zcrm_{6000 + number}", "Type": rng.choice(["Problem", "Question"]), "Case Origin": "Phone", "Status": rng.choice(["Closed", "New"]), "Account Name.id": rng.choice(made)[0]["Record Id"], "Created Time": str(created), "Modified Time": str(created + timedelta(days=rng.randint(0, 9)))})  # fmt: skip
    return cases


def _made_up_members(rng: random.Random, made: list[tuple[Record, Record]]) -> list[Record]:
    return [{"Campaign Name": "Autumn", "Start Date": "2024-10-01", "Contact Id": contact["Record Id"], "Member Status": rng.choice(["Sent", "Responded"])} for _, contact in made]  # fmt: skip


def _time(rng: random.Random, first: datetime = FIRST, last: datetime = LAST) -> str:
    return str(first + timedelta(minutes=rng.randrange(int((last - first).total_seconds() // 60))))
