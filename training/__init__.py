"""How a model is made and judged. Never shipped to serving.

`labels` looks ahead (nothing else may) -> `dates` says which date does what, `frame` joins snapshots and labels, `job` is
both for one model and `predictable` says what of it can be learned -> `leaks` looks for cheating columns and rows -> `folds`
says who is asked about whom -> `fitting`: `tuning` and `rehearsal` choose, with `corrections` (trees), `linear` and `levels`,
then `horizons` (churn) -> `judging`: `metrics`, `profit` and `coverage` are its figures, `resampling` says how sure they are ->
`train` puts it together, `tracking` records it, `promote` gives it an alias. `campaigns` learns from trials instead.
"""
