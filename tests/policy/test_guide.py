"""The guide for policy writers names every word a document may use."""

import re
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from tillit.policy import bases, document
from tillit.policy.regions import NAMED_REGIONS
from tillit.policy.required import CODE_CATEGORIES, CODE_PURPOSES
from tillit.policy.roles import ROLE_NAMES
from tillit.policy.values import Part

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "policy-document.md"

PARTS = [part for part in vars(document).values() if isinstance(part, type) and issubclass(part, Part)]
ENUMS = [
    enum
    for module in (document, bases)
    for enum in vars(module).values()
    if isinstance(enum, type) and issubclass(enum, StrEnum) and enum is not StrEnum
]


def words() -> set[str]:
    fields = {name for part in PARTS for name in part.model_fields}
    literals = {
        str(choice)
        for part in PARTS
        for field in part.model_fields.values()
        for choice in get_args(field.annotation)
        if isinstance(choice, str)
    }
    chosen = {str(member) for enum in ENUMS for member in enum}
    needed = CODE_PURPOSES | frozenset().union(*CODE_CATEGORIES.values())
    return fields | literals | chosen | needed | set(NAMED_REGIONS) | set(ROLE_NAMES) | {"default", "everyone", "all"}


@pytest.mark.parametrize("word", sorted(words()))
def test_the_guide_names_every_word(word):
    text = GUIDE.read_text(encoding="utf-8")
    assert re.search(rf"`{re.escape(word)}`", text), f"docs/policy-document.md does not explain `{word}`"


def test_the_example_of_a_problem_is_true_to_the_program(reference_text):
    from tests.policy.test_load import changed, problems

    said = re.search(r"^line \d+, (purposes/.*)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    problem = problems(changed(reference_text, "default: consent, US:", "default: consent, EU:"))[0]
    assert said is not None and str(problem).split(", ", 1)[1] == said[1]
