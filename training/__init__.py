"""How a model is made and judged. Never shipped to serving.

`labels` looks ahead (nothing else may) -> `dates` says which date does what, `frame` joins snapshots and labels, `job` is
both for one model -> `leakage` looks for cheating columns and rows (`surplus`, `encodings`, `copies`; `leak_report` by
itself) -> `folds` says who is asked about whom -> `tuning` and `rehearsal` choose, with `fitting` (trees), `linear` and
`levels` -> `horizons` (churn) -> `judging` (`metrics`, `profit` and `coverage` are its figures, `resampling` says how sure
they are) -> `train` puts it together, `tracking` records it, `promote` gives it an alias.
"""
