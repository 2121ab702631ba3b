"""Addresses of the pages for people. Those in mails already sent never change."""

from django.urls import path

from tillit.public.views import preferences, receipts, requests, statement, subscribe, unsubscribe, why

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
    path("privacy/<int:workspace_id>", statement.statement, name="statement"),
    path("privacy/<int:workspace_id>/<int:number>", statement.statement, name="statement_version"),
]
