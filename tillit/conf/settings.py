"""Django's settings, all computed from `tillit.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from tillit.conf import sample
from tillit.env import env

ENV = env()
ROOT = Path(__file__).resolve().parent.parent
SECRET_KEY = ENV.keys.derive("django").hex()
IDENTITY_KEY = ENV.keys.derive("identity")
SUPPRESSION_KEY = ENV.keys.derive("suppression")
TOKEN_KEY = ENV.keys.derive("tokens")
DEBUG = ENV.debug
DEMO = ENV.demo
DEMO_SIGN_IN = (sample.EMAIL, sample.PASSWORD) if DEMO else None
BASE_URL = ENV.base_url
ALLOWED_HOSTS = [
    host for host in {urlsplit(BASE_URL).hostname, "localhost", "127.0.0.1", *ENV.allowed_hosts.split(",")} if host
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]

INSTALLED_APPS = [
    "tillit.ledger",
    "tillit.accounts",
    "tillit.people",
    "tillit.consent",
    "tillit.delivery",
    "tillit.campaigns",
    "tillit.rights",
    "tillit.governance",
    "tillit.webhooks",
    "tillit.console",
    "tillit.public",
    "tillit.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tillit.conf.static.StaticFiles",
    "tillit.api.middleware.api",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tillit.console.middleware.reader",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tillit.conf.urls"
ASGI_APPLICATION = "tillit.conf.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "tillit.console.context.shell",
            ]
        },
    }
]
FORM_RENDERER = "tillit.console.forms.Renderer"


def _database(dsn: str, *, pool: bool) -> dict[str, Any]:
    parts = conninfo_to_dict(dsn)
    options: dict[str, Any] = {"pool": {"min_size": 0, "max_size": 12, "timeout": 15}} if pool else {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_MAX_AGE": 0,
        # A connection that the server has ended is thrown away when it is taken from the pool; no page fails of it.
        "CONN_HEALTH_CHECKS": pool,
        "OPTIONS": options,
    }


# `default` is the application's role, which row-level security binds; `owner` migrates and nothing else.
DATABASES = {"default": _database(ENV.app_dsn, pool=True)}
if ENV.owner_dsn:
    DATABASES["owner"] = _database(ENV.owner_dsn, pool=False)
DATABASE_ROUTERS = ["tillit.conf.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# An owner vouches for the addresses of those they invite, and the link in the invitation proves them.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_SESSION_REMEMBER = True
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
ACCOUNT_ADAPTER = "tillit.accounts.adapter.ClosedSignUp"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Tillit"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = BASE_URL.startswith("http://")

# allauth counts sign-in attempts in the cache. In the database, so that the limit is one for all processes and nodes
# and outlives a restart; nothing else is cached, so the few rows a minute cost nothing. Culling late keeps an
# attacker from pushing their own count out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tillit_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# How long a page or a program waits for people to be found. A page over two million takes a tenth of a second; beyond
# this, whoever waits is better told what to do instead.
PATIENCE_S = 5.0

HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = False
# Our own server speaks plain HTTP, so behind an https address there is exactly one proxy to believe.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        # Tabler and the charts set style attributes; scripts stay bound to our own files.
        "style-src": [SELF, "'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

LANGUAGE_CODE = ENV.language
LANGUAGES = [("en", _("English")), ("sv", _("Swedish"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = ENV.time_zone
FORMAT_MODULE_PATH = ["tillit.conf.formats"]

STATIC_URL = "static/"
STATIC_ROOT = ENV.data / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": ENV.data / "files"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
IMPORT_FOLDER = ENV.data / "imports"
EXPORT_FOLDER = ENV.data / "exports"
MAX_UPLOAD_BYTES = ENV.max_upload_mb * 1024 * 1024
EMAIL_BACKEND = "tillit.delivery.backend.ServiceMail"
DEFAULT_FROM_EMAIL = f"Tillit <no-reply@{ENV.mail_domain}>"
PROCRASTINATE_ON_APP_READY = "tillit.conf.jobs.configure"
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # Scanners ask for foreign hosts all day; they get 400.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
