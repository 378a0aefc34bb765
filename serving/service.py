"""The BentoML service: champions behind HTTP. Thin: everything it says comes from `answers`.

Score by customer id or by feature row, with reasons that sum to the served number. CVM_CONFIG names the mapping file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import bentoml
from bentoml.exceptions import InvalidArgument
from pydantic import Field

from features.project import read_project
from models.standing import read_layer
from serving.answers import Desk
from serving.examples import CUSTOMER_IDS, ROW
from serving.messages import Answers, ModelCard

DEFAULT_CONFIG = "configs/online_retail.toml"
CustomerIds = Annotated[list[str], Field(examples=[CUSTOMER_IDS])]
Rows = Annotated[list[dict[str, float | None]], Field(examples=[[ROW]])]


@bentoml.service(name="cvm", workers=1, traffic={"timeout": 30})
class CustomerValue:
    """Churn, value and propensity of customers, with reasons; of these what the project's data can teach."""

    def __init__(self) -> None:
        config = Path(os.environ.get("CVM_CONFIG", DEFAULT_CONFIG))
        self.desk = Desk.open(read_project(config), read_layer(config))

    @bentoml.api(route="/v1/score")
    def score(self, customer_ids: CustomerIds) -> Answers:
        """Score customers by id, as of the last snapshot. Unknown and not eligible customers are answers too."""
        return self.desk.by_id(customer_ids)

    @bentoml.api(route="/v1/score_rows")
    def score_rows(self, rows: Rows) -> Answers:
        """Score feature rows; a feature that is absent or null is not known. Unknown names are refused."""
        try:
            return self.desk.by_row(rows)
        except ValueError as bad:
            raise InvalidArgument(str(bad)) from None

    @bentoml.api(route="/v1/models")
    def models(self) -> dict[str, ModelCard]:
        """Which versions answer, what they predict and what not, and how they did."""
        return self.desk.cards()
