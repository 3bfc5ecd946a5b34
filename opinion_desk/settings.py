"""One settings file; everything that differs between places comes from the environment.

Figures of the domain (30 minutes, 1 hour, 6 hours …) are rule data in `fixtures/`, never settings.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from opinion_desk.environment import database_from_url, env_bool, env_int, env_list, env_str

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))

# ---- who we are -------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", False)
DEMO = env_bool("DEMO", False)  # demo data and demo accounts; never with real complaints
TESTING = "pytest" in sys.modules or env_bool("DESK_TESTING", False)  # child processes of tests say it themselves
SECRET_KEY = env_str("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. `make run` makes one in var/; production sets its own.")
# First key encrypts, all decrypt: prepend a new one to rotate. 32 bytes each, URL-safe base64.
FIELD_ENCRYPTION_KEYS = env_list("FIELD_ENCRYPTION_KEYS")
if not FIELD_ENCRYPTION_KEYS:
    raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is not set: personal data cannot be stored without it.")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
MENTION_RETENTION_MONTHS = env_int("MENTION_RETENTION_MONTHS", 0)  # 0: the store of mentions is kept for good
SITE_URL = env_str("SITE_URL", f"http://127.0.0.1:{env_int('PORT', 8000)}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", SITE_URL)

INSTALLED_APPS = [
    "accounts.admin_app.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "timeline",
    "notifications",
    "escalation",
    "cases",
    "monitoring",
    "press",
    "playbook",
    "opinion_desk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "opinion_desk.urls"
WSGI_APPLICATION = "opinion_desk.wsgi.application"
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
                "opinion_desk.navigation.navigation",
            ],
        },
    }
]

# ---- engines ----------------------------------------------------------------------------------
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASES = {"default": database_from_url(env_str("DATABASE_URL", "postgresql:///opinion_desk"))}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
REDIS_URL = env_str("REDIS_URL", "redis://127.0.0.1:6379/0")
if _worker:  # processes of one test run: clearing a cache empties its whole database
    REDIS_URL = urlsplit(REDIS_URL)._replace(path=f"/{int(_worker.removeprefix('gw')) + 1}").geturl()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"desk{_worker}",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# ---- background work --------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker may be away for as long as it likes
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # it is delivered again: never run it twice at once
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"desk{_worker}:",
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "visibility_timeout": 600,
    # Publishing to a broker that is down fails at once; without these a request would wait six seconds for it.
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_PUBLISH_RETRY = False  # a request never waits for a broker: the row is there, the sweep finds it
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Without it Celery drops the database connection around every task.
CELERY_DB_REUSE_MAX = 10_000
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"monitoring.tasks.fetch_*": {"queue": "fetch"}}
# Every entry expires before its next run, so a backlog can never stack up copies of one sweep.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "escalation.tasks.tick", "schedule": 1.0, "options": {"expires": 0.9}},
    "deliver": {"task": "notifications.tasks.deliver_due", "schedule": 1.0, "options": {"expires": 0.9}},
    "recount": {"task": "escalation.tasks.recount", "schedule": 30.0, "options": {"expires": 29}},
    "audit": {"task": "escalation.tasks.audit", "schedule": 60.0, "options": {"expires": 55}},
    "poll-sources": {"task": "monitoring.tasks.poll_due_sources", "schedule": 1.0, "options": {"expires": 0.9}},
    "watch-over-sources": {
        "task": "monitoring.tasks.watch_over_sources",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    "take-in": {"task": "monitoring.tasks.take_in_waiting", "schedule": 10.0, "options": {"expires": 9}},
    "tend-events": {"task": "monitoring.tasks.tend_events", "schedule": 5.0, "options": {"expires": 4.9}},
    "keep-mentions": {"task": "monitoring.tasks.keep_store", "schedule": 21_600.0, "options": {"expires": 21_000}},
    "forget-answers": {"task": "accounts.tasks.forget_old_answers", "schedule": 3600.0, "options": {"expires": 3500}},
}
CELERY_BEAT_SCHEDULER = "opinion_desk.beat.MemoryScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# Somebody outside who raises the alarm when this address is not called for a while; called after every clean audit.
HEARTBEAT_URL = env_str("HEARTBEAT_URL")

# ---- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.ClosedDoorAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# Failed attempts are counted from the access log (accounts/adapter.py), which needs no cache.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}

# ---- words and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
NOW_FUNCTION = "timeline.now.now"  # where lower floors ask for the time

# ---- files ------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env_str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "files"  # never served by address: only through a view and its gate
ATTACHMENT_MAX_BYTES = env_int("ATTACHMENT_MAX_MB", 20) * 1024 * 1024
# The server reads at most this much of a form before it says no; files stream to disk above 2.5 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# ---- mail -------------------------------------------------------------------------------------
# Without SMTP_HOST mails are written to var/mail, where an administrator reads them in the app.
SMTP_HOST = env_str("SMTP_HOST")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = SMTP_HOST
EMAIL_PORT = env_int("SMTP_PORT", 587)
EMAIL_HOST_USER = env_str("SMTP_USER")
EMAIL_HOST_PASSWORD = env_str("SMTP_PASSWORD")
EMAIL_USE_TLS = env_str("SMTP_SECURITY", "starttls") == "starttls"
EMAIL_USE_SSL = env_str("SMTP_SECURITY", "starttls") == "ssl"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env_str("MAIL_FROM", "Opinion Desk <desk@localhost>")
MAIL_DIR = VAR_DIR / "mail"

# ---- trust ------------------------------------------------------------------------------------
HTTPS = env_bool("HTTPS", False)  # the desk stands behind TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^livez$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("BEHIND_PROXY", False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# ---- REST -------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api.problems.problem_response",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.TokenRate"],
    "DEFAULT_THROTTLE_RATES": {"token": f"{env_int('API_REQUESTS_PER_MINUTE', 1200)}/min"},
    "PAGE_SIZE": 25,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Opinion Desk",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENUM_NAME_OVERRIDES": {
        "CaseStateEnum": "cases.enums.CaseState",
        "CaseKindEnum": "cases.enums.CaseKind",
        "ContactKindEnum": "cases.enums.ContactKind",
        "MeasureKindEnum": "cases.enums.MeasureKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "opinion_desk.api.add_problems",
    ],
}

# ---- what is said -----------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}},
}
