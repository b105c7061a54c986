"""Settings, all from the environment; a missing or weak value stops the start and says which.

`manage.py` and `make run` fill the environment from the embedded servers when DATABASE_URL is unset.
"""

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from alliance.logs import FOREIGN as FOREIGN_LOG_CHAIN
from alliance.logs import configure as configure_logs
from alliance.logs import render as render_log_line

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()


def required(name: str, hint: str) -> str:
    """The value of a variable that has no sensible default."""
    value: str = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def strong_secret() -> str:
    secret = required("SECRET_KEY", "Set it to at least 50 random characters; `make run` makes its own.")
    if len(secret) < 50 or len(set(secret)) < 10:
        raise ImproperlyConfigured("SECRET_KEY is too weak: use at least 50 random characters.")
    return secret


# Commands that only read the code start without any server or secret.
OFFLINE_COMMANDS = {
    "makemessages",
    "compilemessages",
    "generate_region",
    "help",
    "collectstatic",
    "spectacular",
}
OFFLINE = len(sys.argv) > 1 and sys.argv[0].endswith("manage.py") and sys.argv[1] in OFFLINE_COMMANDS
if OFFLINE:
    env_secret = env.str("SECRET_KEY", "") or "offline-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2
    SECRET_KEY = env_secret
else:
    SECRET_KEY = strong_secret()

EMBEDDED = env.bool("EMBEDDED", False)
# This process's work may wait: it leaves the processor to others (alliance.patience).
BACKGROUND = env.bool("BACKGROUND", False)
DEBUG = env.bool("DEBUG", False)
SITE_URL = env.str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if EMBEDDED or DEBUG or OFFLINE else []
)
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set. List the host names that serve the site, comma separated."
    )
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [SITE_URL])

# --- applications -----------------------------------------------------------------------------
INSTALLED_APPS = [
    "matching",
    "scenarios",
    "companies",
    "alliance",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "django_structlog",
]

MIDDLEWARE = [
    "alliance.middleware.RefuseBrokenTextMiddleware",
    "alliance.middleware.RefuseHugeBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "alliance.middleware.SuspendedMiddleware",
    "alliance.middleware.KeepNoPagesMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "alliance.middleware.RequestContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "alliance.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "alliance.urls"
WSGI_APPLICATION = "alliance.wsgi.application"
ASGI_APPLICATION = "alliance.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "alliance.context.page",
            ],
        },
    }
]

FORM_RENDERER = "alliance.forms.rendering.Renderer"

# --- servers ----------------------------------------------------------------------------------
DATABASES: dict[str, Any]
try:
    if OFFLINE and not env.str("DATABASE_URL", ""):
        DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "offline"}}
    else:
        required(
            "DATABASE_URL", "Point it at PostgreSQL 15 or later: postgres://user:password@host:5432/name"
        )
        DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
except (EnvError, ValueError) as error:
    raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from error
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database (postgres://…); no other engine works."
    )
DATABASES["default"] |= {
    "OPTIONS": {"connect_timeout": 5, **DATABASES["default"].get("OPTIONS", {})},
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
}

# PostgreSQL ends a statement of the web service after this long (alliance.serving); 0: never.
WEB_STATEMENT_SECONDS = env.int("WEB_STATEMENT_SECONDS", 30)
if WEB_STATEMENT_SECONDS < 0:
    raise ImproperlyConfigured("WEB_STATEMENT_SECONDS must be at least 1, or 0 for no limit.")

REDIS_URL = (
    "redis://127.0.0.1:1/0"
    if OFFLINE
    else required("REDIS_URL", "Point it at Redis or Valkey: redis://host:6379/0")
)
# Where workers keep what is offered as files that they share; empty: the database is read each time.
# Not in the checkout by itself: `.run` is the launcher's, which names a folder there.
SNAPSHOT_DIR: Path | None = Path(text) if (text := env.str("SNAPSHOT_DIR", "")) else None
FILES_DIR = Path(env.str("FILES_DIR", str(BASE_DIR / ".run" / "files")))

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    },
    # Figures that are counted once for each state of the results; tests count them every time.
    "figures": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "figures",
    },
    # Requests of each caller, counted for all processes together; a lost server only makes each count alone.
    "rates": {
        "BACKEND": "alliance.rest.rates.CountingCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rates",
        "OPTIONS": {"socket_timeout": 0.3, "socket_connect_timeout": 0.3},
    },
}

# --- runs -------------------------------------------------------------------------------------
# A worker that is silent for this long has lost its chunk to whoever claims it next.
MATCH_LEASE_SECONDS = env.int("MATCH_LEASE_SECONDS", 120)
# Demands that one worker matches at a time.
MATCH_CHUNK_DEMANDS = env.int("MATCH_CHUNK_DEMANDS", 64)
# Superseded results stay this long for readers who have begun with them.
RESULT_GRACE_SECONDS = env.int("RESULT_GRACE_SECONDS", 60)
for _name in ("MATCH_LEASE_SECONDS", "MATCH_CHUNK_DEMANDS"):
    if vars()[_name] < 1:
        raise ImproperlyConfigured(f"{_name} must be at least 1.")
# The reconciler follows changes, tells people and starts the nightly runs as well, without the broker.
CELERY_BEAT_SCHEDULE = {
    "follow changes": {"task": "matching.follow_changes", "schedule": 30.0, "options": {"expires": 25}},
    "sweep files": {"task": "alliance.sweep_files", "schedule": crontab(hour=3, minute=40)},
    # The daily mail goes out after eight; the other rounds are for those who want mail at once.
    "send notices": {"task": "matching.send_notices", "schedule": crontab(minute="*/5")},
    "nightly supply": {"task": "matching.prepare_nightly_supply", "schedule": crontab(hour=0, minute=1)},
    "nightly": {"task": "matching.nightly", "schedule": crontab(hour=0, minute=5)},
}

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "alliance.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "alliance.services.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"

# Proxies of ours that add to X-Forwarded-For; 0: the header is anybody's word and is not read.
NUM_PROXIES = env.int("NUM_PROXIES", 0)
if NUM_PROXIES < 0:
    raise ImproperlyConfigured("NUM_PROXIES is the number of proxies before the site: 0 or more.")

# --- security ---------------------------------------------------------------------------------
SECURE = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Of a form without its files, and of whoever sends it: all of it is in memory. JSON has a limit of its own, of 5 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
# The largest upload and the form around it.
MOST_BODY_BYTES = 52 * 1024 * 1024

# --- language and time ------------------------------------------------------------------------
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "zh-hans")
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["alliance.formats"]

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# --- mail -------------------------------------------------------------------------------------
# Without EMAIL_URL mail stays in an outbox that an admin can read.
EMAIL_URL = env.str("EMAIL_URL", "")
if EMAIL_URL:
    _mail: dict[str, Any] = env.dj_email_url("EMAIL_URL")
    vars().update(_mail)
    # A mail server that takes the call and says nothing must not hold a worker, or the reconciler, for ever.
    EMAIL_TIMEOUT = _mail.get("EMAIL_TIMEOUT") or 20
    # Most servers send only in the name of who has signed in; nobody takes mail of "webmaster@localhost".
    _user = str(_mail.get("EMAIL_HOST_USER") or "")
    _own = _user if "@" in _user else f"noreply@{urlsplit(SITE_URL).hostname}"
    DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "") or _mail.get("DEFAULT_FROM_EMAIL") or _own
    SERVER_EMAIL = DEFAULT_FROM_EMAIL
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(BASE_DIR / ".run" / "outbox")

# --- webhooks ---------------------------------------------------------------------------------
# Inside networks that webhooks may go to, for receivers of the bureaus' own (10.20.0.0/16); public ones may always.
try:
    _networks: list[str] = env.list("WEBHOOK_NETWORKS", [])
    WEBHOOK_NETWORKS = [ip_network(text.strip()) for text in _networks]
except ValueError as error:
    raise ImproperlyConfigured(f"WEBHOOK_NETWORKS: {error}. Write networks as 10.20.0.0/16.") from error
# Certificates of an authority of one's own that receivers may show, as a PEM file.
WEBHOOK_CA_FILE = env.str("WEBHOOK_CA_FILE", "")
# A worker that is silent for this long has lost its message to another; longer than a request may take.
WEBHOOK_LEASE_SECONDS = env.int("WEBHOOK_LEASE_SECONDS", 60)
# Pauses before the second, third … try, in seconds; the last one for all that follow.
WEBHOOK_PAUSES = [
    float(seconds)
    for seconds in env.list("WEBHOOK_PAUSES", [5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 43200])
]

# --- REST -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "alliance.rest.authentication.ScopedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["alliance.rest.permissions.TokenScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["alliance.rest.inputs.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["alliance.rest.throttling.PerCaller"],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "alliance.rest.schema.Schema",
    "EXCEPTION_HANDLER": "alliance.rest.problems.problem_details",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": NUM_PROXIES,
}
API_REQUESTS_PER_MINUTE = {
    "token": env.int("API_REQUESTS_PER_MINUTE", 600),
    "person": 600,
    "anonymous": 60,
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_MODEL": "alliance.ApiToken",
    "TOKEN_TTL": None,
    "AUTO_REFRESH": False,
}
# knox would make a table of its own beside ours, and refer to people from it.
MIGRATION_MODULES = {"knox": None}
KNOX_TOKEN_MODEL = "alliance.ApiToken"  # noqa: S105 - the name of a model
SPECTACULAR_SETTINGS = {
    "TITLE": "Robot Alliance API",
    "DESCRIPTION": (
        "Needs of robot labs, abilities of manufacturers, application sites, and what fits together. "
        "Make a token on [the page of your tokens](/account/tokens/), press Authorize here and try an operation out, "
        "or send it as `Authorization: Bearer …`. Every error is a problem (RFC 9457); lists have "
        "`limit` (at most 200) and `cursor`; an unknown parameter or field is refused by name."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {
        "persistAuthorization": False,
        "displayRequestDuration": True,
        "validatorUrl": None,
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "alliance.rest.schema.add_problem",
        "alliance.rest.schema.say",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CityRoleEnum": "alliance.choices.CityRole",
        "OrganisationRoleEnum": "alliance.choices.OrganisationRole",
        "OrganisationKindEnum": "alliance.choices.OrganisationKind",
        "RunStateEnum": "alliance.choices.RunState",
        "ExportStateEnum": "alliance.choices.ExportState",
        "ExportedEnum": "alliance.choices.Exported",
        "ExportFormatEnum": "alliance.choices.ExportFormat",
        "ImportStateEnum": "alliance.choices.ImportState",
        "IntroductionStateEnum": "alliance.choices.IntroductionState",
        "DeliveryStateEnum": "alliance.choices.DeliveryState",
        "PartyEnum": "matching.serializers.PARTIES",
        "MoveEnum": "matching.serializers.MOVE_NAMES",
    },
}

# --- logs -------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
configure_logs()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": render_log_line,
            "foreign_pre_chain": FOREIGN_LOG_CHAIN,
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"django.db.backends": {"level": "INFO"}},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
