"""How a model is made and judged. Never shipped to serving.

`labels` looks ahead (nothing else may) -> `dates` says which date does what -> `frame` joins snapshots and labels ->
`leakage` looks for cheating columns -> `tuning` -> `fitting` -> `judging` (`metrics`, `profit` and `coverage` are its
figures, `resampling` says how sure they are) -> `train` puts it together, `tracking` records it, `promote` gives it an
alias.
"""
