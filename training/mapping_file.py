"""docs/mapping_file.md: every section and key of a mapping file, from the settings that read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from features.changes import WhatIfSection
from features.project import Project, Settings
from features.tables import CONTRACTS, TableName
from models.actions.settings import Action, PlanSettings
from models.value.settings import Layer
from training.settings import CampaignSettings, TrainingSettings

Schema = Mapping[str, Any]


def _of(sections: type[Settings]) -> dict[str, type[Settings]]:
    found: dict[str, Any] = {name: field.annotation for name, field in sections.model_fields.items()}
    return found


SECTIONS: Mapping[str, type[Settings]] = {  # in the order in which a file is usually written
    **_of(Project),
    "training": TrainingSettings,
    "what_if": WhatIfSection,
    "campaigns": CampaignSettings,
    **_of(Layer),
    "actions": Action,  # one for each name
    "plan": PlanSettings,
}
HEAD = """# The mapping file

Every section and key of the TOML file that says where a company's data are and what is done with them.
[Your data](your_data.md) goes through it by an example, [configs/](../configs) has files that run. Only `project` and
`tables` must be there; a key that has a default may be left out. An unknown key is refused, and the nearest valid one is
named: `python -m training check CONFIG` reads a file, and the heads of the files it names.

Written by `python -m training keys > docs/mapping_file.md`; do not edit.
"""
OF_TABLES = """
## `[tables.<name>]`

`from` says where the rows are. Each other key is a column, its value a SQL expression over your columns in DuckDB's dialect.
At least one of `orders`, `subscriptions` and `labels` must be there. A table of several sources has a section for each,
`[[tables.orders]]`; `customers` and `labels` have one source.

"""
NAMED = re.compile(r"^The section `[^`]+`( of a mapping file)?: ")  # stands in the head
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def mapping_file_page() -> str:
    """The page as Markdown, a table of keys for each section."""
    return HEAD + "".join(_tables() if name == "tables" else _section(name, owner) for name, owner in SECTIONS.items())


def _section(name: str, owner: type[Settings]) -> str:
    schema = owner.model_json_schema()
    head = "actions.<name>" if owner is Action else name
    return "".join(_parts(f"[{head}]", schema, schema.get("$defs", {})))


def _parts(head: str, section: Schema, definitions: Mapping[str, Schema]) -> Iterator[str]:
    """The section, then those within it."""
    keys = section["properties"]
    if head == "[actions.<name>]":
        keys = {key: field for key, field in keys.items() if key != "name"}  # stands in the head
    told = NAMED.sub("", " ".join(section["description"].split()))
    yield f"\n## `{head}`\n\n{told[:1].upper()}{told[1:]}\n\n" + _table(keys, section.get("required", ()))
    for key, field in keys.items():
        inner = field.get("$ref") or field.get("items", {}).get("$ref")
        if inner:
            name = f"{head.strip('[]')}.{key}"
            yield from _parts(f"[{name}]" if "$ref" in field else f"[[{name}]]", definitions[inner.split("/")[-1]], definitions)


def _table(keys: Mapping[str, Schema], required: Any) -> str:
    rows = [
        f"| `{key}` | {_expected(field)} | {_default(field, key in required)} | {field.get('description', '')} |\n"
        for key, field in keys.items()
    ]
    return "| key | expected | default | what it is |\n|---|---|---|---|\n" + "".join(rows)


def _expected(field: Schema) -> str:
    if "anyOf" in field:
        return _expected(field["anyOf"][0])  # the other one stands for being left out
    if "enum" in field:
        return "one of " + ", ".join(f"`{one}`" for one in field["enum"])
    if field.get("type") == "array":
        inner = field.get("items") or field["prefixItems"][0]
        return "sections, see below" if "$ref" in inner else f"list of {_expected(inner).replace('one of ', '')}"
    if "$ref" in field:
        return "section, see below"
    if field.get("format") == "date":
        return "date"
    return WORDS[field["type"]] + _bounds(field)


def _bounds(field: Schema) -> str:
    said = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
    }
    bounds = " ".join(words.format(f"{field[name]:g}") for name, words in said.items() if name in field)
    pattern = f"like `{field['pattern']}`".replace("|", "\\|") if "pattern" in field else ""
    return "".join(f", {part}" for part in (bounds, pattern) if part)


def _default(field: Schema, is_required: bool) -> str:
    if is_required:
        return "must be given"
    default = field.get("default")
    if default in (None, "", {}, []) or "$ref" in field or "$ref" in field.get("items", {}):
        return ""
    return f"`{json.dumps(default)}`"


def _tables() -> str:
    mappings = SECTIONS["tables"].model_json_schema()["$defs"]
    keys = {name: mappings[f"{name.title()}Mapping"]["properties"] for name in CONTRACTS}
    common = {key: keys["orders"][key] for key in ("from", "where", "once_per", "encoding", "delimiter")}
    return OF_TABLES + _table(common, ("from",)) + "".join(_of_table(name, keys[name]) for name in CONTRACTS)


def _of_table(name: TableName, keys: Mapping[str, Schema]) -> str:
    contract = CONTRACTS[name]
    rows: list[tuple[str, str, bool, str]] = [
        (column.name, column.kind, column.required, column.meaning) for column in contract.columns
    ]
    for key, kind in (("numeric", "list or section"), ("categorical", "list or section"), ("bought_", "number")):
        if key in keys:
            rows.append((key.replace("bought_", "bought_<name>"), kind, False, keys[key]["description"]))
    head = f"\n### `[tables.{name}]`\n\nA row is {contract.grain}.\n\n| column | kind | | what it is |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{key}` | {kind} | {'must be given' if is_required else ''} | {meaning} |\n"
        for key, kind, is_required, meaning in rows
    )
