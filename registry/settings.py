"""Every setting of Assay, read from the environment once."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("ASSAY_HOME", BASE_DIR / "var"))


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def _secret_key() -> str:
    """The key from the environment, or one made once and kept in a file that only its owner can read."""
    if value := os.environ.get("SECRET_KEY"):
        return value
    path = HOME / "secret_key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(50))
    return path.read_text()


# The one statement that is prepared (the verdict's, which asks for it) is planned once for each connection, not once
# for each value. No statement is frequent enough to be prepared unasked; without a threshold psycopg prepares none.
PLANS = "-c plan_cache_mode=force_generic_plan"
PREPARED = {"prepare_threshold": 10**9}


def _database(url: str, *, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """Django's database settings from a postgresql:// URL; `?host=` names a folder with a Unix socket."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "assay",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": query.pop("port", None) or (str(parts.port) if parts.port else ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **query,
            **PREPARED,
            "options": f"{query.get('options', '')} {PLANS}".strip(),
            **(options or {}),
        },
    }


SECRET_KEY = _secret_key()
DEBUG = _flag("ASSAY_DEBUG")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]
PUBLIC_URL = os.environ.get("ASSAY_PUBLIC_URL", "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "registry",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "registry.api.middleware.VerdictShortcut",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "registry.web.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "registry.urls"
WSGI_APPLICATION = "registry.wsgi.application"
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
                "registry.web.context.navigation",
            ],
            "builtins": ["registry.templatetags.assay"],
        },
    }
]

# A process connects as its own role; only migrations use the alias `owner`, whose login may become assay_owner.
_POOL: dict[str, Any] = {"pool": {"min_size": 1, "max_size": 4}} if _flag("DATABASE_POOL") else {}
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql://assay_app@/assay"), options=_POOL)}
if not _POOL:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
if OWNER_DATABASE_URL := os.environ.get("OWNER_DATABASE_URL"):
    DATABASES["owner"] = _database(
        OWNER_DATABASE_URL, options={"options": "-c role=assay_owner -c search_path=assay,pg_temp"}
    )

# Shared by the processes of one machine, so that a limit on tries is one limit; it needs neither broker nor database.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": HOME / "cache"},
}

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "registry.web.accounts.ClosedSignupAdapter"
ACCOUNT_FORMS = {
    "login": "registry.web.forms.accounts.SignInForm",
    "reauthenticate": "registry.web.forms.accounts.ProofForm",
    "change_password": "registry.web.forms.accounts.NewPasswordForm",
    "reset_password_from_key": "registry.web.forms.accounts.ChosenPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
EMAIL_BACKEND = os.environ.get("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
# Whether a message reaches anybody: without it nobody is offered one, such as a link to a new password.
SENDS_EMAIL = EMAIL_BACKEND.split(".")[-2] not in {"console", "dummy", "filebased", "locmem"}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": HOME / "blobs"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
BLOB_ROOT = Path(os.environ.get("ASSAY_BLOBS", HOME / "blobs"))
KEY_FOLDER = Path(os.environ.get("ASSAY_KEYS", HOME / "notary"))
UPLOAD_LIMIT_BYTES = int(os.environ.get("ASSAY_UPLOAD_LIMIT_BYTES", 512 * 1024 * 1024))
UPLOAD_LIMIT_FILES = int(os.environ.get("ASSAY_UPLOAD_LIMIT_FILES", 1000))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_LIMIT_FILES
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE = _flag("ASSAY_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("ASSAY_BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if SECURE:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "registry.api.authentication.TokenAuthentication",
        "registry.api.authentication.PersonalSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "registry.api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry.api.parsers.StrictJSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "registry.api.problems.problem",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
}
# Requests a minute: of one caller, and of an address or account that keeps failing to prove who it is.
API_LIMITS = {
    "caller": int(os.environ.get("ASSAY_API_PER_MINUTE", 6000)),
    "bad_token": 60,
    "login": 10,
    "presence": 10,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Register models and datasets, send evidence, ask whether a model may be used.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Without colours of its own inside examples: they would be those of a dark page on a light one.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "syntaxHighlight": False},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "StageEnum": "registry.models.choices.Stage",
        "ModelKindEnum": "registry.models.choices.ModelKind",
        "DocumentKindEnum": "registry.models.choices.DocumentKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "registry.api.schema.say_what_every_address_may_answer",
    ],
}

CELERY_BROKER_URL = os.environ.get("BROKER_URL", "redis://localhost:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# None = a worker keeps trying for as long as the broker is away; a publisher must not, and gives up at once.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 5}

# The queues that some worker serves; an evaluator made for another one runs on the first of these.
EVALUATION_QUEUES = os.environ.get("ASSAY_QUEUES", "cpu").split(",")
# The child that evaluates: its limits, the last of which ends one that waits for ever, and how long a lease lasts
# without a sign of life.
EVALUATION_MEMORY_BYTES = int(os.environ.get("ASSAY_EVALUATION_MEMORY_BYTES", 4 * 1024**3))
EVALUATION_CPU_SECONDS = int(os.environ.get("ASSAY_EVALUATION_CPU_SECONDS", 1800))
EVALUATION_WALL_SECONDS = float(os.environ.get("ASSAY_EVALUATION_WALL_SECONDS", 7200))
EVALUATION_LEASE_SECONDS = int(os.environ.get("ASSAY_LEASE_SECONDS", 60))
EVALUATION_BEAT_SECONDS = float(os.environ.get("ASSAY_BEAT_SECONDS", 5))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
