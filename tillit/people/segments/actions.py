"""Making, changing and deleting segments."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tillit.ledger.processing import Refused, processing
from tillit.people.models import Segment
from tillit.people.segments.conditions import vocabulary
from tillit.people.segments.tree import Node, to_json
from tillit.people.segments.uses import uses_of

ADMINISTER = "audience.administer"


class NameTaken(ValueError):
    """Another segment of the workspace has this name."""


class InUse(Refused):
    """Something needs the segment; the reason names it."""


def make_segment(workspace_id: int, *, name: str, tree: Node, by: str, description: str = "") -> Segment:
    """Keep a segment. Raises NameTaken, and Mistake for a tree that makes no sense in the workspace."""
    segment = Segment(workspace_id=workspace_id, created_by=by)
    return _save(segment, name=name, tree=tree, description=description, by=by, act="segment.make")


def change_segment(segment: Segment, *, name: str, tree: Node, by: str, description: str = "") -> Segment:
    """Change a segment; what uses it follows, and is checked again when used. Raises NameTaken and Mistake."""
    return _save(segment, name=name, tree=tree, description=description, by=by, act="segment.change")


def _save(segment: Segment, *, name: str, tree: Node, description: str, by: str, act: str) -> Segment:
    tidy = vocabulary(segment.workspace_id).tidy(tree)
    with processing(segment.workspace_id, ADMINISTER, by=by, act=act) as activity:
        namesakes = Segment.objects.filter(workspace_id=segment.workspace_id, name=name)
        if namesakes.exclude(pk=segment.pk).exists():
            raise NameTaken(NameTaken.__doc__)
        segment.name, segment.description, segment.tree = name, description, to_json(tidy)
        segment.save()
        activity.object_ref = f"segment:{segment.pk}"
    return segment


def delete_segment(segment: Segment, *, by: str) -> None:
    """Delete a segment. Raises InUse while something needs it."""
    about = f"segment:{segment.pk}"
    with processing(segment.workspace_id, ADMINISTER, by=by, act="segment.delete", about=about):
        # Locked first: whoever begins to use it now waits, and finds it gone.
        Segment.objects.select_for_update().filter(pk=segment.pk).first()
        needed = [use.name for use in uses_of(segment) if use.binding]
        if needed:
            names = ", ".join(f"“{name}”" for name in needed[:5])
            raise InUse(
                _("The segment is used by %(names)s. Choose another there first, then delete it.") % {"names": names}
            )
        segment.delete()
