"""Saving an import that is being set up, which another page may have begun or removed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from tillit.people.models import Import

SET_UP = (Import.State.READING, Import.State.DRAFT)


class Begun(Exception):
    """The import was begun or removed meanwhile, so it is set up no more."""


def save(draft: Import, *names: str, states: Sequence[str] = (Import.State.DRAFT,)) -> None:
    """Save fields of an import that is being set up. Raises Begun, with words for whoever set it up."""
    values = {name: getattr(draft, name) for name in names}
    if not Import.objects.filter(pk=draft.pk, state__in=states).update(**values):
        raise Begun(_("The import has begun already."))
