"""Addresses of the pages for people. Those in mails already sent never change."""

from django.urls import path, register_converter

from tillit.public.statements import FORMS
from tillit.public.views import (
    changes,
    cookies,
    preferences,
    receipts,
    requests,
    statement,
    subscribe,
    unsubscribe,
    well_known,
    why,
)


class FormConverter:
    """The ending of an address that asks for a form of the statement other than the page."""

    regex = "|".join(FORMS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(FormConverter, "form")

app_name = "public"
urlpatterns = [
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/undo", unsubscribe.undo, name="undo"),
    path("u/<str:token>/stop", unsubscribe.stop, name="stop"),
    path("p/<str:token>", preferences.centre, name="preferences"),
    path("p/<str:token>/stop", preferences.stop, name="preferences_stop"),
    path("p/<str:token>/names", preferences.names, name="names"),
    path("p/<str:token>/language", preferences.language, name="language"),
    path("p/<str:token>/copy", requests.ask_copy, name="ask_copy"),
    path("p/<str:token>/erase", requests.ask_erase, name="ask_erase"),
    path("copy/<str:token>", requests.copy, name="copy"),
    path("erase/<str:token>", requests.erase, name="erase"),
    path("erase/<str:token>/stop", requests.stop_instead, name="erase_stop"),
    path("subscribe/<int:workspace_id>/<int:list_id>", subscribe.subscribe, name="subscribe"),
    path("confirm/<str:token>", subscribe.confirm, name="confirm"),
    path("why/<str:token>", why.show_why, name="why"),
    path("why/<str:token>/measurement", why.object_to_measurement, name="why_measurement"),
    path("receipt/<uuid:choice>/<str:token>", receipts.show_receipt, name="receipt"),
    path("receipt/schema.json", receipts.show_schema, name="receipt_schema"),
    path(".well-known/tillit-key.json", receipts.show_keys, name="keys"),
    path("privacy", statement.statement, name="statement"),
    path("privacy.<form:form>", statement.statement, name="statement_as"),
    path("privacy/v/<int:number>", statement.statement_version, name="statement_version"),
    path("privacy/v/<int:number>.<form:form>", statement.statement_version, name="statement_version_as"),
    path("privacy/on", statement.choose_day, name="statement_choose_day"),
    path("privacy/on/<str:day>", statement.statement_on, name="statement_on"),
    path("privacy/changes", changes.changes, name="changes"),
    path("privacy/changes.atom", changes.feed, name="changes_feed"),
    path("privacy/<int:workspace_id>/changes", changes.changes, name="changes"),
    path("privacy/<int:workspace_id>/changes.atom", changes.feed, name="changes_feed"),
    path("privacy/<int:workspace_id>/notice.json", changes.announcement, name="announcement"),
    path("privacy/<int:workspace_id>", statement.statement, name="statement"),
    path("privacy/<int:workspace_id>.<form:form>", statement.statement, name="statement_as"),
    path("privacy/<int:workspace_id>/v/<int:number>", statement.statement_version, name="statement_version"),
    path(
        "privacy/<int:workspace_id>/v/<int:number>.<form:form>",
        statement.statement_version,
        name="statement_version_as",
    ),
    path("privacy/<int:workspace_id>/on", statement.choose_day, name="statement_choose_day"),
    path("privacy/<int:workspace_id>/on/<str:day>", statement.statement_on, name="statement_on"),
    path("privacy/<int:workspace_id>/<int:number>", statement.moved, name="statement_moved"),
    path("cookies", cookies.cookies, name="cookies"),
    path("cookies/<int:workspace_id>", cookies.cookies, name="cookies"),
    path(".well-known/gpc.json", well_known.gpc, name="gpc"),
    path(".well-known/security.txt", well_known.security, name="security"),
]
