"""Jobs."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from tillit.ledger.processing import SYSTEM
from tillit.people import fields
from tillit.people.bulk import actions as bulk
from tillit.people.bulk import run as bulk_run
from tillit.people.duplicates import finding as duplicates
from tillit.people.exporting import files as exports
from tillit.people.exporting import start as export_start
from tillit.people.exporting.run import run_export
from tillit.people.hygiene import looking, mending
from tillit.people.importing import cleaning
from tillit.people.importing.reading import read
from tillit.people.importing.run import run_import
from tillit.people.importing.trial import run_trial
from tillit.people.importing.undo import run_undo
from tillit.people.suppression import actions as suppression


@app.task(name="people.import", queue="imports")
def import_people(*, import_id: int) -> None:
    """Bring in the people of a file."""
    run_import(import_id)


@app.task(name="people.read_import", queue="imports")
def read_import(*, import_id: int) -> None:
    """Turn a file that was sent into a table."""
    read(import_id)


@app.task(name="people.try_import", queue="imports")
def try_import(*, import_id: int) -> None:
    """See what an import would change."""
    run_trial(import_id)


@app.task(name="people.undo_import", queue="imports")
def undo_import(*, import_id: int) -> None:
    """Undo an import."""
    run_undo(import_id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="people.resume_imports", queueing_lock="people.resume_imports")
def resume_imports(timestamp: int) -> None:
    """Go on with imports whose worker died."""
    cleaning.resume_stalled(now=timezone.now())


@app.periodic(cron="17 3 * * *")
@app.task(name="people.clean_imports", queueing_lock="people.clean_imports")
def clean_imports(timestamp: int) -> None:
    """Remove files of imports that are kept no longer."""
    cleaning.clean(now=timezone.now())
    cleaning.forget_traces(now=timezone.now())


@app.task(name="people.erase_field", queue="imports")
def erase_field(*, field_id: int) -> None:
    """Erase what a retired field held."""
    fields.erase_values(field_id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="people.resume_field_erasures", queueing_lock="people.resume_field_erasures")
def resume_field_erasures(timestamp: int) -> None:
    """Go on with erasures of fields whose worker died."""
    fields.resume_stalled(now=timezone.now())


@app.periodic(cron="47 3 * * *")
@app.task(name="people.check_suppressions", queueing_lock="people.check_suppressions")
def check_suppressions(timestamp: int) -> None:
    """Compare everybody with what is suppressed."""
    for workspace_id in suppression.workspaces():
        suppression.reconcile(workspace_id, by=SYSTEM)


@app.task(name="people.check_list", queue="imports")
def check_list(*, list_id: int) -> None:
    """Look through a list."""
    looking.look_through(list_id, now=timezone.now())


@app.task(name="people.mend_list", queue="imports")
def mend_list(*, mending_id: int) -> None:
    """Take people off a list, or mend their addresses, and look through it again."""
    done = mending.run(mending_id)
    looking.begin(done.list, by=done.by, now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="people.resume_mendings", queueing_lock="people.resume_mendings")
def resume_mendings(timestamp: int) -> None:
    """Go on with looks and acts of list hygiene whose worker died."""
    mending.resume_stalled(now=timezone.now())
    looking.resume_stalled(now=timezone.now())


@app.task(name="people.bulk_act", queue="imports")
def run_bulk_act(*, act_id: int) -> None:
    """Do, or undo, what is left of an act on many people."""
    bulk_run.run(act_id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="people.resume_bulk_acts", queueing_lock="people.resume_bulk_acts")
def resume_bulk_acts(timestamp: int) -> None:
    """Go on with acts on many people whose worker died."""
    bulk.resume_stalled(now=timezone.now())


@app.periodic(cron="37 3 * * *")
@app.task(name="people.clean_bulk_acts", queueing_lock="people.clean_bulk_acts")
def clean_bulk_acts(timestamp: int) -> None:
    """Forget what acts did to whom once they cannot be undone any more."""
    bulk.clean(now=timezone.now())


@app.task(name="people.export", queue="imports")
def export_people(*, export_id: int) -> None:
    """Write the file of an export."""
    run_export(export_id)


@app.periodic(cron="*/5 * * * *")
@app.task(name="people.resume_exports", queueing_lock="people.resume_exports")
def resume_exports(timestamp: int) -> None:
    """End exports whose worker died, and queue those again whose job was lost."""
    export_start.resume_stalled(now=timezone.now())


@app.periodic(cron="27 3 * * *")
@app.task(name="people.clean_exports", queueing_lock="people.clean_exports")
def clean_exports(timestamp: int) -> None:
    """Delete the files of exports whose time is over."""
    exports.clean(now=timezone.now())


@app.task(name="people.find_duplicates", queue="imports")
def find_duplicates(*, workspace_id: int) -> None:
    """Search a workspace for records that may be of one person."""
    duplicates.run(workspace_id)
