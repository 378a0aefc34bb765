"""One row per (customer_id, as_of), from the past only. Knows no model.

Data flows through the files in this order: `project` (what the mapping file says) -> `sources` (read) ->
`quarantine` (keep what honours the contract in `tables`) -> `known` (what was known before `as_of`) ->
`cohort`, `rfm`, `categories` (the features, described in `catalogue`) -> `snapshots` (the table).
"""
