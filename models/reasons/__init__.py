"""Why: SHAP shares that add up to the served number, the few that matter most, in words, and how far they hold."""
