"""The one settings file. Everything that differs between sites comes from the environment.

Without any variable set, the portal runs embedded: SQLite, the Redis that pip carries, and files below var/.
"""

import hashlib
import os
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from celery.schedules import crontab
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from inference.core.manifest import MANIFEST, default_model
from inference.core.plates.reads import DOUBTFUL_BELOW

django_stubs_ext.monkeypatch()  # lets ModelForm[Case] and the like be written, for the type checker

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def read_secret(name: str, default: str = "") -> str:
    """Return the variable NAME, or the contents of the file that NAME_FILE names."""
    if file_name := env.str(f"{name}_FILE", ""):
        return Path(file_name).read_text(encoding="utf-8").strip()
    return str(env.str(name, default))


def private_key_file(path: Path) -> str:
    """Return the secret kept in `path`, made on first use and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(key := secrets.token_urlsafe(50))
    return key


def runtime_socket() -> str:
    """Return the embedded Redis' socket: short (Unix allows 107 bytes) and private to this checkout."""
    digest = hashlib.sha256(f"{BASE_DIR}:{VAR_DIR}".encode()).hexdigest()[:12]
    return str(Path(tempfile.gettempdir()) / f"dongseon-{os.getuid()}-{digest}" / "redis.sock")


VAR_DIR = Path(env.str("DONGSEON_VAR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)
MODEL_CACHE_DIR = Path(env.str("DONGSEON_CACHE", str(Path.home() / ".cache" / "dongseon")))
MODEL_MIRROR_DIR = env.str("DONGSEON_MODEL_MIRROR", "")
MODEL_MANIFEST = Path(env.str("DONGSEON_MODEL_MANIFEST", str(MANIFEST)))  # another one, for models of a site's own

SECRET_KEY = read_secret("SECRET_KEY") or private_key_file(VAR_DIR / "secret_key")
DEBUG = env.bool("DEBUG", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",  # portal.admin wires the admin: autodiscovery would need GDAL
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_filters",
    "leaflet",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "portal",
    "portal.accounts",
    "portal.audit",
    "portal.exchange",
    "cameras",
    "inference",
    "investigations",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",  # after the portal, whose entry about a failed log-in comes before the one about the lock
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.send_in_pieces",
    "portal.middleware.CompressStatic",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.content_security_policy",
    "portal.middleware.remember_address",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "portal.accounts.middleware.refuse_pages_of_others",
    "portal.resending.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "portal.accounts.middleware.extend_session",
    "portal.accounts.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
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
                "investigations.context.notifications",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'dongseon.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while a worker writes; IMMEDIATE takes the write lock at BEGIN, so that two verbs
    # queue up (for at most 20 s) where a deferred transaction would fail half-way with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "portal.accounts.backends.PasswordBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "case-list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Seoul"
USE_TZ = True
FORMAT_MODULE_PATH = ["portal.formats"]

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise wants it, also where it serves from the packages themselves
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"  # never served as files: each read goes through a view that checks the right
GALLERY_DIR = VAR_DIR / "gallery"
# Pieces of recordings as they were played last. It may be emptied at any time; 0 MB: nothing is kept.
FOOTAGE_CACHE_DIR = Path(env.str("FOOTAGE_CACHE_DIR", str(VAR_DIR / "footage")))
FOOTAGE_CACHE_MB = env.int("FOOTAGE_CACHE_MB", 2048)
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

REDIS_URL = env.str("REDIS_URL", f"unix://{runtime_socket()}")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True  # the job's row carries status, progress and error
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    # That worker's threads wait for other systems most of the time: a check neither waits for an analysis there, nor
    # does a search wait for it.
    "portal.audit.tasks.*": {"queue": "exchange"},
    "cameras.tasks.run_import": {"queue": "exchange"},  # no search has to wait for it
    "inference.tasks.run_analysis": {"queue": "analysis"},
    "inference.tasks.measure_pair_backgrounds": {"queue": "analysis"},  # reads much: no search has to wait for it
    "investigations.tasks.run_package": {"queue": "analysis"},
    "investigations.tasks.run_search": {"queue": "search"},
    "investigations.watch.tasks.run_look_back": {"queue": "search"},  # that worker keeps plates in memory
    "inference.tasks.find_boxes": {"queue": "search"},  # somebody looks at the screen meanwhile
    "inference.tasks.propose_boxes": {"queue": "search"},
    "portal.exchange.tasks.send_delivery": {"queue": "exchange"},
    "investigations.clock.run_destruction": {"queue": "exchange"},  # waits for disks: no search has to wait for it
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task longer than this would be handed out twice; its row's claim makes the second hand-out harmless.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 4 * 3600}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat")
CELERY_IMPORTS = ["investigations.clock", "investigations.watch.tasks"]
CELERY_BEAT_SCHEDULE = {
    # 03:30 in Seoul, where there is no summer time.
    "verify-audit-trail": {"task": "portal.audit.tasks.verify_audit_trail", "schedule": crontab(hour=18, minute=30)},
    "continue-audit-check": {"task": "portal.audit.tasks.continue_audit_check", "schedule": 300.0},
    "remove-ended-sessions": {"task": "portal.accounts.tasks.remove_ended_sessions", "schedule": 3600.0},
    "requeue-abandoned-imports": {"task": "cameras.tasks.requeue_abandoned", "schedule": 15.0},
    "requeue-abandoned-analyses": {"task": "inference.tasks.requeue_abandoned", "schedule": 15.0},
    # 04:30 in Seoul.
    "measure-pair-backgrounds": {
        "task": "inference.tasks.measure_pair_backgrounds",
        "schedule": crontab(hour=19, minute=30),
    },
    "resend-due-deliveries": {"task": "portal.exchange.tasks.resend_due", "schedule": 15.0},
    "remove-old-exchange": {"task": "portal.exchange.tasks.remove_old", "schedule": 3600.0},
    "mail-unsent-notifications": {"task": "investigations.tasks.mail_unsent", "schedule": 300.0},
    "requeue-abandoned-searches": {"task": "investigations.tasks.requeue_abandoned", "schedule": 15.0},
    "watch-deadlines": {"task": "investigations.clock.watch_deadlines", "schedule": 60.0},
    "expire-recordings": {"task": "investigations.clock.expire_recordings", "schedule": 3600.0},
    "purge-requests": {"task": "investigations.clock.purge_requests", "schedule": 60.0},
    "check-missed-plates": {"task": "investigations.watch.tasks.check_missed", "schedule": 120.0},
    "end-watched-plates": {"task": "investigations.clock.end_watched_plates", "schedule": 60.0},
    "requeue-abandoned-looks-back": {"task": "investigations.watch.tasks.requeue_abandoned", "schedule": 15.0},
    "purge-watch-lists": {"task": "investigations.clock.purge_watch_lists", "schedule": 60.0},
    "requeue-abandoned-destructions": {"task": "investigations.clock.requeue_abandoned", "schedule": 15.0},
}

# Mail goes where EMAIL_URL says (smtp://user:password@host:25); without it nothing is sent.
vars().update(env.email_url("EMAIL_URL", default="dummymail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "dongseon@localhost")
PORTAL_URL = env.str("PORTAL_URL", "http://127.0.0.1:8000")  # for links in mails

# Events that an agency's own systems may hear of: the word that `publish` is given, and what administrators read.
WEBHOOK_EVENTS: dict[str, StrOrPromise] = {
    "request.received": _("The control centre has received the request."),
    "request.returned": _("The request was returned for more information."),
    "request.approved": _("The request was approved."),
    "request.searching": _("The search has begun."),
    "request.review": _("Candidates wait for a second opinion."),
    "request.answered": _("The control centre has answered."),
    "request.reopened": _("The request was reopened."),
    "request.closed": _("The request was closed."),
    "request.scope": _("The scope of the request was changed."),
    "request.package": _("The evidence package is ready."),
    "request.purged": _("The data of the request was destroyed."),
}
# Police networks are private ones. This machine and its link are never sent to, unless named here (as networks).
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", True)
WEBHOOK_ALSO_ALLOWED = env.list("WEBHOOK_ALSO_ALLOWED", default=[])
WEBHOOK_KEEP_DAYS = env.int("WEBHOOK_KEEP_DAYS", 30)

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # A listener waits for messages; redis-py's own limit of 5 s on every read would end that each time.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
}

# A session ends when nothing was asked for a while, and with the shift in any case (portal/accounts/sessions.py).
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 30)
SESSION_MAX_HOURS = env.int("SESSION_MAX_HOURS", 8)
SESSION_COOKIE_AGE = SESSION_IDLE_MINUTES * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.resending.token_refused"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS", False)
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31536000 if SESSION_COOKIE_SECURE else 0
X_FRAME_OPTIONS = "DENY"

# Whose password alone opens nothing: an app's code is asked for as well (portal/accounts/second_factor.py).
TWO_FACTOR_ROLES = [role.strip() for role in env.list("TWO_FACTOR_ROLES", default=["supervisor", "administrator"])]
OTP_TOTP_ISSUER = "Dongseon"

# A user name is locked for one address after so many failures there (portal/accounts/lockouts.py).
LOCKOUT_FAILURES = env.int("LOCKOUT_FAILURES", 5)
LOCKOUT_MINUTES = env.int("LOCKOUT_MINUTES", 15)
AXES_FAILURE_LIMIT = LOCKOUT_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=LOCKOUT_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "portal.accounts.addresses.address_of"
AXES_LOCKOUT_CALLABLE = "portal.accounts.lockouts.locked_page"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # what the page says about the end of the lock stays true
AXES_DISABLE_ACCESS_LOG = True  # log-ins stand in the audit trail
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.exchange.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "portal.exchange.schema.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "portal.api.exception_handler",
    "DEFAULT_PAGINATION_CLASS": "portal.exchange.pages.Pages",
    "PAGE_SIZE": 200,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dongseon",
    "DESCRIPTION": "Search requests, searches, candidates and paths of the CCTV investigation portal.",
    "VERSION": "1",
    "LICENSE": {"name": "AGPL-3.0"},
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "CameraStatus": "cameras.models.Camera.Status",
        "CandidateDecision": "investigations.models.Candidate.Decision",
        "ShownDecision": "investigations.serializers.candidates.SHOWN_DECISIONS",
        "JobStatus": "portal.jobs.JobStatus",
        "CaseKind": "investigations.models.Case.Kind",
        "CaseStatus": "investigations.models.Case.Status",
        "Outcome": "investigations.models.Case.Outcome",
        "RequestStatus": "investigations.models.SearchRequest.Status",
        "AttachmentKind": "investigations.models.Attachment.Kind",
        "NotificationKind": "investigations.models.Notification.Kind",
        "AlertStatus": "investigations.models.WatchAlert.Status",
        "SightingKind": "inference.models.Sighting.Kind",
    },
    # The page of the documentation comes from this server alone; nothing is asked of a validator elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "tryItOutEnabled": False},
}

# What analysis uses unless a request names something else: ids of inference/weights/models.toml, which also says
# what each serves by default.
DETECTOR_MODEL = env.str("DETECTOR_MODEL", "yolo11n")
EMBEDDER_MODEL = env.str("EMBEDDER_MODEL", default_model("reid", "person", manifest=MODEL_MANIFEST))
VEHICLE_EMBEDDER_MODEL = env.str("VEHICLE_EMBEDDER_MODEL", default_model("reid", "vehicle", manifest=MODEL_MANIFEST))
# Empty: none, and nothing is said in words.
PERSON_DESCRIBER_MODEL = env.str(
    "PERSON_DESCRIBER_MODEL", default_model("describer", "person", manifest=MODEL_MANIFEST)
)
VEHICLE_DESCRIBER_MODEL = env.str(
    "VEHICLE_DESCRIBER_MODEL", default_model("describer", "vehicle", manifest=MODEL_MANIFEST)
)
# Empty, either of them: no number plates are read, and none are found.
PLATE_FINDER_MODEL = env.str("PLATE_FINDER_MODEL", default_model("plate-finder", "vehicle", manifest=MODEL_MANIFEST))
PLATE_READER_MODEL = env.str("PLATE_READER_MODEL", default_model("plate-reader", "vehicle", manifest=MODEL_MANIFEST))
ANALYSIS_FPS = env.float("ANALYSIS_FPS", 5.0)
# For how many days a plate is watched at most, where its legal basis does not say.
WATCH_DAYS = env.int("WATCH_DAYS", 30)
# A read whose least certain character is less certain than this is shown as doubtful.
WATCH_DOUBTFUL_BELOW = env.float("WATCH_DOUBTFUL_BELOW", DOUBTFUL_BELOW)
INFERENCE_THREADS = env.int("INFERENCE_THREADS", 0)  # 0: one per core

# Signs evidence packages; made on first use. Keep it, and a copy of it: courts compare its fingerprint.
EVIDENCE_KEY_FILE = env.str("EVIDENCE_KEY_FILE", str(VAR_DIR / "evidence_key.pem"))

# The base map, if more is wanted than boundaries: a file, any tile server, or Vworld, whose key stays on the server.
VWORLD_KEY = read_secret("VWORLD_KEY")
MAP_TILES_URL = env.str("MAP_TILES_URL", "")
MAP_MBTILES = env.str("MAP_MBTILES", "")

# The portal's blue, from light to dark.
BLUE = {
    "50": "#eef4ff",
    "100": "#dbe7fe",
    "200": "#bfd4fd",
    "300": "#93b6fb",
    "400": "#608ff6",
    "500": "#3b6cf0",
    "600": "#1f5ad6",
    "700": "#1a4bb3",
    "800": "#1a3f8f",
    "900": "#1b3872",
    "950": "#142347",
}


def navigation_item(title: StrOrPromise, icon: str, model: str, *rights: str) -> dict[str, Any]:
    """An entry of the admin's menu, shown to whom its page would answer."""

    def is_shown(request: HttpRequest) -> bool:
        from portal.accounts.rights import Right, has_right

        return any(has_right(request.user, Right(right)) for right in rights)

    link = reverse_lazy(f"admin:{model}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": is_shown}


UNFOLD = {
    "SITE_TITLE": _("Dongseon administration"),
    "SITE_HEADER": _("Dongseon"),
    "SITE_SUBHEADER": _("CCTV investigation portal"),
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("dongseon/img/mark.svg")},
    ],
    "SITE_SYMBOL": "conversion_path",
    "STYLES": [lambda request: static("dongseon/css/admin.css")],
    "COLORS": {"primary": BLUE},
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "portal.dashboard.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": _("Review"),
                "items": [
                    navigation_item(_("Search requests"), "inbox", "investigations_searchrequest", "search"),
                    navigation_item(_("Searches"), "person_search", "investigations_search", "search"),
                    navigation_item(_("Candidates"), "how_to_reg", "investigations_candidate", "decide_candidate"),
                    navigation_item(_("Paths"), "conversion_path", "investigations_path", "build_path"),
                    navigation_item(_("Watch list"), "visibility_lock", "investigations_watchentry", "manage_watch"),
                    navigation_item(_("Alerts"), "notification_important", "investigations_watchalert", "manage_watch"),
                    navigation_item(_("Answers"), "mark_email_read", "investigations_answer", "answer_request"),
                    navigation_item(
                        _("Evidence packages"), "inventory_2", "investigations_evidencepackage", "export_evidence"
                    ),
                ],
            },
            {
                "title": _("Cases"),
                "items": [
                    navigation_item(_("Cases"), "folder_open", "investigations_case", "view_footage"),
                    navigation_item(_("Reported sightings"), "campaign", "investigations_tip", "search"),
                    navigation_item(_("Comments"), "forum", "investigations_comment", "search"),
                    navigation_item(
                        _("Legal bases"), "gavel", "investigations_legalbasis", "manage_bases", "approve_request"
                    ),
                ],
            },
            {
                "title": _("Footage"),
                "items": [
                    navigation_item(_("Cameras"), "videocam", "cameras_camera", "view_footage", "manage_cameras"),
                    navigation_item(_("Recordings"), "movie", "cameras_recording", "request_analysis"),
                    navigation_item(_("Analyses"), "monitoring", "inference_analysis", "request_analysis"),
                    navigation_item(_("Sightings"), "visibility", "inference_sighting", "view_footage"),
                    navigation_item(_("Number plates"), "pin", "inference_plate", "view_footage"),
                    navigation_item(_("Tuned models"), "tune", "inference_tunedmodel", "manage_cameras"),
                    navigation_item(_("Pairs of cameras"), "compare", "inference_pairbackground", "manage_cameras"),
                    navigation_item(_("Holds"), "lock_clock", "investigations_hold", "hold_footage"),
                    navigation_item(_("Destructions"), "delete_forever", "investigations_destruction", "hold_footage"),
                ],
            },
            {
                "title": _("Other systems"),
                "items": [
                    navigation_item(_("API tokens"), "key", "exchange_apitoken", "manage_people"),
                    navigation_item(_("Webhooks"), "webhook", "exchange_webhook", "manage_exchange"),
                    navigation_item(_("Deliveries"), "outbox", "exchange_delivery", "manage_exchange"),
                ],
            },
            {
                "title": _("Accountability"),
                "items": [
                    navigation_item(_("Audit trail"), "receipt_long", "audit_auditentry", "view_audit"),
                    navigation_item(_("People"), "group", "accounts_user", "manage_people"),
                    navigation_item(_("Agencies"), "apartment", "accounts_agency", "manage_people"),
                ],
            },
        ],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
    # Refusals (403, 404) are answers; with a stack trace each they would bury what matters.
    # What axes would say stands in the audit trail, with the name and the address that it leaves out.
    "loggers": {"django.request": {"level": "ERROR"}, "axes": {"level": "ERROR"}},
}
