"""A customer's rows in the checked tables: all of hers and nobody else's, of customers her own first."""

from __future__ import annotations

from features.kept import customer_of, events_of, kept_table
from features.project import Project
from features.snapshots import Manifest


def test_every_row_of_hers_is_there_and_nobody_elses(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    tables = {name: kept_table(project, name).to_pandas() for name in manifest.words.mapped if name != "identities"}
    for customer_id in tables["customers"]["customer_id"].head(20):
        events = events_of(project, manifest.words, customer_id)
        assert set(events) == set(tables)
        for name, rows in events.items():
            own = [row for row in rows if row["customer_id"] == customer_id]
            assert len(own) == (tables[name]["customer_id"] == customer_id).sum()
            if name != "customers":
                assert own == rows


def test_of_customers_her_own_row_comes_first_and_then_those_she_brought(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    customers = kept_table(project, "customers", ["customer_id", "referred_by"]).to_pandas()
    bringer = customers["referred_by"].dropna().iloc[0]
    own, *brought = events_of(project, manifest.words, bringer)["customers"]
    assert own["customer_id"] == bringer
    assert {row["customer_id"] for row in brought} == set(customers.loc[customers["referred_by"] == bringer, "customer_id"])


def test_somebody_unknown_has_no_rows(whole_company: tuple[Project, Manifest]) -> None:
    assert not any(events_of(whole_company[0], whole_company[1].words, "nobody").values())


def test_an_alias_leads_to_its_customer_and_other_ids_to_nobody(whole_company: tuple[Project, Manifest]) -> None:
    project, manifest = whole_company
    alias, own = kept_table(project, "identities", ["alias", "customer_id"]).to_pylist()[0].values()
    assert customer_of(project, manifest.words, alias) == own
    assert customer_of(project, manifest.words, own) is None
