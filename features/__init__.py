"""One row per (customer_id, as_of), from the past only. Knows no model.

Data flows through the files in this order: `project` (what the mapping file says) -> `sources` (read) ->
`quarantine` (keep what honours the contract in `tables`, by the rules of `checks`) -> `identities` (one id per customer) ->
`dates`, `vocabulary` (which dates, which words of the data) -> one file per family (`rfm`, `loyalty`, `interactions`, ...:
how raw rows become facts with a `known` day, and what its features are, in the language of `definitions`) -> `catalogue`
(all of them) -> `running_totals` and `in_memory`, or `in_engine` (two ways to compute them) -> `build`, `snapshots` (one
file per date). `online` computes one customer's row the same way.
"""
