"""The analysts' page: what the data were, how good each model is beside its baselines, and who is at risk.

Each file gathers the facts of one section into frozen records; `template.html` only lays them out.
"""
