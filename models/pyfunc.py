"""The bundle as an MLflow model, stored as this file and the bundle's JSON: no pickle.

MLflow runs this file when it loads a model; the packages of this project must be installed beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from models.bundle import load_bundle


class BundleModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Feature rows in, served numbers out."""

    def load_context(self, context: Any) -> None:
        """Read the bundle and check its golden rows."""
        self.bundle = load_bundle(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """One row of served numbers per row of features."""
        return self.bundle.predict(model_input)


mlflow.models.set_model(BundleModel())
