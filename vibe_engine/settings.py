"""Settings of the project, read once from the environment.

Two modes: `demo` talks to the local sandbox and makes its own secrets, `live`
talks to Spotify and refuses to start half configured. What operators may change
while it runs is not here but in the table `settings` (automation/runtime).
"""

import os
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ

from vibe_engine import configuration, logs
from vibe_engine.crypto import EnvironmentKeys
from vibe_engine.secrets_env import ensure_secrets_file

# Lets `ModelAdmin[Run]` and its like, which only type checkers know, run.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.str("VIBE_ENV_FILE", default=str(BASE_DIR / ".env")))

VIBE_MODE = configuration.known_mode(env.str("VIBE_MODE", default=""))
DEMO = VIBE_MODE == "demo"
PORT = configuration.port_number(env.str("PORT", default="") or "8000")
installation = VIBE_MODE if PORT == 8000 else f"{VIBE_MODE}-{PORT}"
VAR_DIR = configuration.writable_folder(
    Path(env.str("VIBE_VAR_DIR", default=str(BASE_DIR / "var" / installation)))
)
if DEMO:
    environ.Env.read_env(ensure_secrets_file(VAR_DIR / "secrets.env"))
    os.environ.setdefault("VIBE_CLOCK_FILE", str(VAR_DIR / "clock"))
else:
    os.environ.pop("VIBE_CLOCK_FILE", None)

REQUIRED_LIVE = (
    "SECRET_KEY",
    "TOKEN_KEYS",
    "DATABASE_URL",
    "PUBLIC_BASE_URL",
    "SPOTIFY_CLIENT_ID",
    "SPOTIFY_CLIENT_SECRET",
)
if not DEMO:
    configuration.complete({name: env.str(name, "") for name in REQUIRED_LIVE})

DEBUG = False
SECRET_KEY = configuration.long_enough(env.str("SECRET_KEY"))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
TOKEN_KEYS = env.list("TOKEN_KEYS")
EnvironmentKeys(TOKEN_KEYS)

# Addresses

SANDBOX_URL = env.str("SANDBOX_URL", default=f"http://127.0.0.1:{PORT + 1}")
PUBLIC_BASE_URL = configuration.page_address(
    "PUBLIC_BASE_URL",
    env.str("PUBLIC_BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/"),
)
SPOTIFY_CLIENT_ID = env.str("SPOTIFY_CLIENT_ID")
SPOTIFY_CLIENT_SECRET = env.str("SPOTIFY_CLIENT_SECRET")
SPOTIFY_APP_MODE = configuration.one_of(
    "SPOTIFY_APP_MODE",
    env.str("SPOTIFY_APP_MODE", default="extended" if DEMO else "development"),
    ("development", "extended"),
)
SPOTIFY_REDIRECT_URI = env.str(
    "SPOTIFY_REDIRECT_URI", default=f"{PUBLIC_BASE_URL}/oauth/spotify/callback"
)
SPOTIFY_API_URL = env.str(
    "SPOTIFY_API_URL",
    default=f"{SANDBOX_URL}/v1/" if DEMO else "https://api.spotify.com/v1/",
)
SPOTIFY_ACCOUNTS_URL = env.str(
    "SPOTIFY_ACCOUNTS_URL",
    default=SANDBOX_URL if DEMO else "https://accounts.spotify.com",
)
SPOTIFY_MARKET = env.str("SPOTIFY_MARKET", default="")
SPOTIFY_IMAGE_HOSTS = env.list(
    "SPOTIFY_IMAGE_HOSTS",
    default=[SANDBOX_URL]
    if DEMO
    else ["https://*.scdn.co", "https://*.spotifycdn.com"],
)
RECCOBEATS_URL = env.str(
    "RECCOBEATS_URL",
    default=f"{SANDBOX_URL}/reccobeats/v1/"
    if DEMO
    else "https://api.reccobeats.com/v1/",
)
if not DEMO:
    configuration.service_address("RECCOBEATS_URL", RECCOBEATS_URL, "ReccoBeats")
    configuration.spotify_address("SPOTIFY_API_URL", SPOTIFY_API_URL)
    configuration.spotify_address("SPOTIFY_ACCOUNTS_URL", SPOTIFY_ACCOUNTS_URL)

public_host = urlsplit(PUBLIC_BASE_URL).hostname or "127.0.0.1"
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=["127.0.0.1", "localhost", "[::1]"] if DEMO else [public_host],
)
HTTPS = PUBLIC_BASE_URL.startswith("https://")

# Parts

INSTALLED_APPS = [
    "metrics",
    "playlists",
    "library",
    "accounts",
    "automation",
    "vibe_engine",
    "vibe_engine.apps.HouseAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_htmx",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "vibe_engine.middleware.request_trace",
    "django.middleware.security.SecurityMiddleware",
    "vibe_engine.middleware.security_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vibe_engine.middleware.loopback_redirect",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "vibe_engine.middleware.personal_time_zone",
    "vibe_engine.middleware.page_for_wrong_method",
    "vibe_engine.web.htmx_messages",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "vibe_engine.urls"
WSGI_APPLICATION = "vibe_engine.wsgi.application"

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
                "metrics.context.frame",
            ],
        },
    },
]

# Database

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'vibe.db'}")
}
configuration.known_database(DATABASES["default"]["ENGINE"])
SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if SQLITE:
    # IMMEDIATE is load-bearing: a deferred transaction that reads and then writes
    # fails at once when another process has written in between.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
            "PRAGMA temp_store=MEMORY;PRAGMA mmap_size=134217728;"
            "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000"
        ),
    }
else:
    # A connection is looked at before a request or a task trusts it, so a restarted
    # server costs what was under way and nothing after it.
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    options = DATABASES["default"].setdefault("OPTIONS", {})
    # A server that has vanished without a word is given up after half a minute,
    # well within a lease; a page waits 15 s for a lock and gets an error then. A
    # process that hangs inside a transaction loses its locks after a minute.
    # PGOPTIONS adds to this; gunicorn_conf limits the statements of pages by it.
    for name, value in {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,
        "options": "-c lock_timeout=15s -c idle_in_transaction_session_timeout=60s "
        + os.environ.get("PGOPTIONS", ""),
    }.items():
        options.setdefault(name, value)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Broker: rings workers, holds nothing that may not be lost

PRIVATE_BROKER = VAR_DIR / "broker.url"
"""Written by `manage.py up` while its own broker runs, for commands by hand."""
REDIS_URL = env.str("REDIS_URL", default="") or (
    PRIVATE_BROKER.read_text(encoding="utf-8") if PRIVATE_BROKER.exists() else ""
)
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://"
# The row in `runs` is the result and the retry: no backend is kept or asked.
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Acknowledged before the work: a message that comes back an hour later helps nobody,
# the engine rings again after half a minute.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
# Publishing fails fast (automation/doorbell.py shortens these for pages still more);
# a worker waits for its broker for ever, and ends what it has begun meanwhile: to
# cut a call to Spotify short would only leave it in doubt.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": False,
}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SYNC_EVERY = 1
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_CRON_STARTING_DEADLINE = 3600
DJANGO_CELERY_BEAT_TZ_AWARE = True

# Times of the work. They belong together: a storm shortens them, nobody else must

TIMES = {
    name: configuration.seconds(name, env.str(name, default="") or usual)
    for name, usual in {
        "SPOTIFY_DEADLINE_S": "30",
        "CALL_LEASE_S": "45",
        "RUN_LEASE_S": "120",
        "CREATE_SETTLE_S": "60",
        "RAMP_S": "600",
        "ENGINE_ROUND_S": "2",
        "ENGINE_LEASE_S": "30",
        "RING_AGAIN_S": "30",
        "UNANSWERED_S": "60",
    }.items()
}
for rising in (
    ("SPOTIFY_DEADLINE_S", "CALL_LEASE_S", "RUN_LEASE_S"),
    ("SPOTIFY_DEADLINE_S", "CREATE_SETTLE_S"),
    ("ENGINE_ROUND_S", "ENGINE_LEASE_S"),
    ("ENGINE_ROUND_S", "RING_AGAIN_S", "UNANSWERED_S"),
):
    configuration.increasing({name: TIMES[name] for name in rising})

# People

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "metrics:home"
LOGOUT_REDIRECT_URL = "login"
DASHBOARD_USERNAME = env.str("DASHBOARD_USERNAME", default="")
DASHBOARD_PASSWORD = env.str("DASHBOARD_PASSWORD", default="")

AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "vibe_engine.views.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_NAME = "dashboard_session"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

# Prometheus

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_ALLOWED_NETWORKS = configuration.networks(
    "METRICS_ALLOWED_NETWORKS",
    env.list("METRICS_ALLOWED_NETWORKS", default=["127.0.0.1/32"] if DEMO else []),
)

# What people are told

EMAIL_URL = env.str("EMAIL_URL", default="")
globals().update(configuration.mail_server(EMAIL_URL))
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"Vibe Engine <vibe-engine@{public_host}>"
)
NOTIFY_ALLOWED_HOSTS = env.list(
    "NOTIFY_ALLOWED_HOSTS",
    default=["localhost", "127.0.0.0/8", "::1/128"] if DEMO else [],
)
configuration.hosts_and_networks("NOTIFY_ALLOWED_HOSTS", NOTIFY_ALLOWED_HOSTS)

# The browser

SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = urlsplit(PUBLIC_BASE_URL).netloc
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
X_FRAME_OPTIONS = "DENY"


def origin(url: str) -> str:
    """Return scheme and host of `url`, as a CSP source."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", *SPOTIFY_IMAGE_HOSTS],
        "connect-src": ["'self'"],
        "form-action": ["'self'", origin(SPOTIFY_ACCOUNTS_URL)],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_242_880

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if (STATIC_ROOT / "staticfiles.json").exists()
            or "collectstatic" in sys.argv
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# Logs: one line each, never a secret

LOG_FORMAT = configuration.one_of(
    "LOG_FORMAT", env.str("LOG_FORMAT", default="") or "line", logs.FORMATS
)
LOGGING = logs.configuration(
    style=LOG_FORMAT,
    level=configuration.log_level(env.str("LOG_LEVEL", default="") or "INFO"),
)
