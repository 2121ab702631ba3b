"""The data map has no hole: what a table about persons holds is a category that every policy must declare."""

from __future__ import annotations

from typing import Any

import pytest

from tillit.ledger.rls import personal_models
from tillit.policy.declarations import Declares
from tillit.policy.required import CODE_CATEGORIES

REQUIRED = frozenset().union(*CODE_CATEGORIES.values())
TABLES = list(personal_models())


@pytest.mark.clause("A6")
@pytest.mark.parametrize(("model", "declares"), TABLES, ids=lambda each: getattr(each, "__name__", ""))
def test_a_personal_table_holds_only_categories_that_the_program_requires(model: Any, declares: Declares) -> None:
    held = {declares.category, *declares.personal.values()} - {None, "by row"}
    assert held <= REQUIRED, f"{model.__name__}: add {held - REQUIRED} to the required categories, or declare others"


def test_there_are_personal_tables() -> None:
    assert len(TABLES) >= 8
