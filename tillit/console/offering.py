"""Filling a form's choices from the workspace when the form is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.functional import Promise


def offer(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, str | Promise]]) -> None:
    """Set the choices of a form's field."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def offer_rows(form: forms.BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Set the rows that a form's field chooses from."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
