"""What the commands about policies share: reading a file, telling what is wrong with it and what it changes."""

from __future__ import annotations

from pathlib import Path

import click

from tillit.conf.terminal import Failed, err, out
from tillit.policy.check import check
from tillit.policy.diff import Changes, Group
from tillit.policy.diff_words import Sayer, heading
from tillit.policy.document import Document
from tillit.policy.load import parse
from tillit.policy.problems import PolicyErrors, Problem

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def tell(file: Path, problems: list[Problem]) -> None:
    """Print problems the way compilers do, so that editors find the line."""
    for problem in problems:
        place = f"{file}:{problem.line}:" + (f" {problem.path}:" if problem.path else "")
        err.print(f"{place} {problem.message}\n    {problem.mend}", markup=False, soft_wrap=True)


def tell_changes(changes: Changes, language: str) -> None:
    """Print changes by group, each as a sentence."""
    sayer = Sayer(changes, language)
    for group in Group:
        sentences = dict.fromkeys(sayer.say(change) for change in changes if change.group is group)
        if sentences:
            out.print(f"\n[bold]{heading(group, language)}[/]")
        for sentence in sentences:
            out.print(f"  {sentence}", markup=False, soft_wrap=True)


def read(file: Path) -> Document:
    """Read a document that holds together, advice aside. Raises Failed after telling what is wrong."""
    try:
        document, lines = parse(file)
    except PolicyErrors as errors:
        tell(file, errors.problems)
        raise Failed(f"{len(errors.problems)} problem(s) in {file}.") from errors
    problems = check(document, lines=lines, advice=False)
    tell(file, problems)
    if problems:
        raise Failed(f"{len(problems)} problem(s) in {file}.")
    return document


def write(output: Path, made: bytes) -> None:
    """Write a file. Raises Failed when it cannot be written."""
    try:
        output.write_bytes(made)
    except OSError as error:
        raise Failed(f"{output} cannot be written: {(error.strerror or str(error)).lower()}.") from error
