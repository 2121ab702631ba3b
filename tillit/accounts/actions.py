"""Writes about users and who works where."""

from __future__ import annotations

from tillit.accounts.models import User


def choose_language(user: User, language: str) -> None:
    """Keep the language a user chose for pages and mail; an empty text means as the browser says."""
    user.language = language
    user.save(update_fields=["language"])


def change_profile(user: User, *, name: str, language: str) -> None:
    """Keep a user's own name and language."""
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])
