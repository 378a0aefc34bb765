"""How a model is fitted: tuning, rehearsal one horizon earlier, levels, folds, and the corrections themselves."""
