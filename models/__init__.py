"""What a fitted model is: recipes, the bundle that is evaluated, served and explained, and its reasons.

Code only. Fitted models live in the MLflow registry and are reached by alias through `models.registry`.
"""
