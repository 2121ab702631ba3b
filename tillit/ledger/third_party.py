"""Declarations of the tables that other packages bring, each with its reason."""

from __future__ import annotations

from tillit.policy.declarations import Declares, nobody

_ACCOUNT = Declares(subject="user", category="account", retain="account", reason="sign-in of a console user")

TABLES: dict[str, Declares] = {
    "django_session": Declares(subject="user", category="account", retain="two weeks", reason="who is signed in"),
    "django_content_type": nobody(reason="names of our own models"),
    "auth_permission": nobody(reason="unused; the framework makes it"),
    "auth_group": nobody(reason="unused; the framework makes it"),
    "account_emailaddress": _ACCOUNT,
    "account_emailconfirmation": _ACCOUNT,
    "mfa_authenticator": _ACCOUNT,
    "procrastinate_jobs": nobody(reason="job arguments carry ids only"),
    "procrastinate_events": nobody(reason="times of jobs"),
    "procrastinate_periodic_defers": nobody(reason="times of periodic jobs"),
    "procrastinate_workers": nobody(reason="heartbeats of workers"),
}
