"""How a model is made and judged. Never shipped to serving.

`labels` looks ahead (nothing else may) -> `dates` says which date does what -> `frame` joins snapshots and labels ->
`leakage` looks for cheating columns and rows (`surplus`, `encodings`, `copies`; `leak_report` by itself) ->
`tuning` -> `fitting` -> `metrics` -> `train` puts it together, `tracking` records it, `promote` gives it an alias.
"""
