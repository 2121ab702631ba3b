"""Persons, how they are identified, what is known of them, and the lists they are on.

Per-person tables carry `workspace_id` and `person_id` without foreign-key constraints (decision 0003).
"""

from tillit.people.models.bulk import BulkAct, BulkChange, SavedFilter
from tillit.people.models.edits import Edit, Note
from tillit.people.models.exports import Export
from tillit.people.models.fields import Field
from tillit.people.models.hygiene import ListCheck, ListMending
from tillit.people.models.imports import Import
from tillit.people.models.known import Evidence, Source, Traits
from tillit.people.models.lists import MailingList, Subscription
from tillit.people.models.merges import DuplicateSearch, Likeness, Merge, MergeTrace, NotDuplicate
from tillit.people.models.names import NameWord
from tillit.people.models.persons import Identity, PastStanding, PerPersonManager, Person
from tillit.people.models.segments import Segment
from tillit.people.models.suppressions import LiftedSuppression, Suppression
from tillit.people.models.traces import ImportChunk, ImportTrace

__all__ = [
    "BulkAct",
    "BulkChange",
    "DuplicateSearch",
    "Edit",
    "Evidence",
    "Export",
    "Field",
    "Identity",
    "Import",
    "ImportChunk",
    "ImportTrace",
    "LiftedSuppression",
    "Likeness",
    "ListCheck",
    "ListMending",
    "MailingList",
    "Merge",
    "MergeTrace",
    "NameWord",
    "NotDuplicate",
    "Note",
    "PastStanding",
    "PerPersonManager",
    "Person",
    "SavedFilter",
    "Segment",
    "Source",
    "Subscription",
    "Suppression",
    "Traits",
]
