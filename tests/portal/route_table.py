"""Who may open which route, and who can do what there: the tables that the tests hold the portal against."""

from datetime import timedelta
from typing import Any

from django.utils.timezone import localtime

PEOPLE = ["officer", "colleague", "outsider", "operator", "supervisor", "stranger", "administrator", "visitor"]
POLICE, STATION = {"officer", "colleague", "outsider"}, {"officer", "colleague"}
CENTRE, OTHER_CENTRE = {"operator", "supervisor"}, {"stranger"}
REVIEWERS = CENTRE | OTHER_CENTRE
SIGNED_IN = set(PEOPLE) - {"visitor"}
EVERYBODY = set(PEOPLE)
NOBODY: set[str] = set()
# The admin lets in who is staff: in these tests supervisors and administrators.
STAFF = {"supervisor", "stranger", "administrator"}

# Route name: who may look. Object pages are those of one case of one station, sent to one centre.
PAGES: dict[str, set[str]] = {
    "favicon": EVERYBODY,
    "login": {"visitor"},  # others are led on
    "logout": NOBODY,  # by POST alone
    "own-password": SIGNED_IN,
    "profile": SIGNED_IN,
    "recovery-codes": NOBODY,  # by POST alone
    "log-out-elsewhere": NOBODY,  # by POST alone
    "second-factor": SIGNED_IN,  # leads on to setting one up
    "second-factor-new": SIGNED_IN,
    "admin-password": SIGNED_IN,
    "admin-login": NOBODY,  # visitors are led to the one log-in, others are in already or may not
    "api-schema": SIGNED_IN,
    "api-docs": SIGNED_IN,
    "own-tokens": SIGNED_IN,
    "token-revoke": NOBODY,  # by POST alone
    "set_language": NOBODY,  # by POST alone
    "javascript-catalog": EVERYBODY,
    "later-texts": EVERYBODY,
    "camera-map": SIGNED_IN,
    "camera-snapshot": NOBODY,  # this camera's recording has no file
    "camera-import": {"administrator"},
    "camera-import-detail": {"administrator"},
    "camera-import-apply": NOBODY,  # by POST alone
    "camera-import-check": NOBODY,  # by POST alone
    "camera-import-cancel": NOBODY,  # by POST alone
    "camera-import-problems": {"administrator"},
    "camera-export": {"administrator"},
    "api-cameras": SIGNED_IN,
    "api-camera": SIGNED_IN - OTHER_CENTRE,
    "api-camera-number": {"administrator"},
    "api-camera-position": NOBODY,  # by POST alone
    "api-camera-history": {"supervisor", "administrator"},
    "map-boundaries": SIGNED_IN,
    "map-tile": NOBODY,  # no tile server is named here
    "case-list": SIGNED_IN,
    "case-new": POLICE,
    "case-detail": STATION | CENTRE,
    "case-close": NOBODY,  # by POST alone
    "case-share": NOBODY,  # by POST alone
    "tip-add": NOBODY,  # by POST alone
    "request-new": STATION,
    "request-edit": STATION,  # leads back: this one was sent
    "request-send": NOBODY,  # by POST alone
    "request-discard": NOBODY,  # by POST alone
    "request-reopen": NOBODY,  # by POST alone
    "request-close": NOBODY,  # by POST alone
    "request-parts": STATION,
    "request-talk": STATION | CENTRE,
    "comment-add": NOBODY,  # by POST alone
    "attachment-add": NOBODY,  # by POST alone
    "attachment": STATION | CENTRE,
    "attachment-remove": NOBODY,  # by POST alone
    "attachment-picture": STATION | CENTRE,
    "notifications": SIGNED_IN,
    "notifications-bell": SIGNED_IN,
    "notifications-read": NOBODY,  # by POST alone
    "notification-open": {"operator"},  # this one is for the operator
    "workspace": STATION | CENTRE,
    "request-state": CENTRE,
    "request-receive": NOBODY,  # by POST alone
    "request-assign": NOBODY,  # by POST alone
    "request-decide": NOBODY,  # by POST alone
    "request-review": NOBODY,  # by POST alone
    "request-scope": NOBODY,  # by POST alone
    "hold-place": NOBODY,  # by POST alone
    "hold-release": NOBODY,  # by POST alone
    "answer-new": CENTRE,
    "answer-preview": CENTRE,
    "request-answers": CENTRE,
    "package-new": CENTRE,
    "package-cancel": NOBODY,  # by POST alone
    "package-download": STATION | CENTRE,
    "verifier": SIGNED_IN,
    "review-queue": REVIEWERS,
    "review-give": NOBODY,  # by POST alone
    "watch-list": REVIEWERS,
    "watch-new": REVIEWERS,
    "watch-entry": CENTRE,
    "watch-correct": {"supervisor"},  # it is for no request of the operator's
    "watch-dismiss": CENTRE,  # leads back to the entry
    "watch-extend": CENTRE,  # leads back to the entry
    "watch-end": CENTRE,  # leads back to the entry
    "watch-look-back": CENTRE,  # leads back to the entry
    "watch-alerts": REVIEWERS,
    "watch-decide": NOBODY,  # by POST alone
    "watch-import": {"supervisor", "stranger"},
    "watch-import-detail": {"supervisor"},
    "watch-import-apply": NOBODY,  # by POST alone
    "watch-import-discard": NOBODY,  # by POST alone
    "watch-export": NOBODY,  # by POST alone
    "api-watch": REVIEWERS,
    "api-watch-alerts": REVIEWERS,
    "api-watch-decision": NOBODY,  # by POST alone
    "sighting-picture": STATION | CENTRE,  # this one was answered with
    "plate-picture": STATION | CENTRE,  # of the same sighting
    "query-picture": CENTRE,
    "api-legal-bases": SIGNED_IN,
    "api-cases": SIGNED_IN,
    "api-case": STATION | CENTRE,
    "api-case-close": NOBODY,  # by POST alone
    "api-case-requests": NOBODY,  # by POST alone
    "api-requests": SIGNED_IN,
    "api-request": STATION | CENTRE,
    "api-request-steps": NOBODY,  # by POST alone
    "api-request-scope": NOBODY,  # by POST alone
    "api-request-comments": STATION | CENTRE,
    "api-request-attachments": STATION | CENTRE,
    "api-request-answers": STATION | CENTRE,
    "api-request-certificate": CENTRE,
    "api-answer": STATION | CENTRE,
    "api-notifications": SIGNED_IN,
    "api-notifications-read": NOBODY,  # by POST alone
    "api-request-searches": STATION | CENTRE,
    "api-request-path": STATION | CENTRE,
    "api-request-alternatives": CENTRE,
    "api-request-next": CENTRE,
    "api-path-share": NOBODY,  # by POST alone
    "api-path-file": NOBODY,  # nobody has given a second opinion about its stop
    "api-words": REVIEWERS,
    "api-plate-meanings": NOBODY,  # by POST alone
    "api-search": CENTRE,
    "api-search-cancel": NOBODY,  # by POST alone
    "api-search-refine": NOBODY,  # by POST alone
    "api-search-decisions": NOBODY,  # by POST alone
    "api-candidate-decision": NOBODY,  # by POST alone
    "api-candidate-decisions": NOBODY,  # by POST alone
    "api-sightings": REVIEWERS,
    "api-footage": NOBODY,  # by POST alone
    "api-footage-tracks": NOBODY,  # by the pass of opened footage alone, as the next three
    "footage-video": NOBODY,
    "footage-segment": NOBODY,
    "footage-frame": NOBODY,
    "sighting-clip": NOBODY,  # this sighting's recording has no file
    "api-footage-detections": NOBODY,  # by POST alone
    "api-proposals": NOBODY,  # by POST alone
    "api-camera-groups": REVIEWERS | {"administrator"},
    "api-camera-group": NOBODY,  # by DELETE alone
    "api-coverage": REVIEWERS,
    "api-coverage-analyses": NOBODY,  # by POST alone
    "destruction": STATION | CENTRE,
}

# Model: who may open the list, the row of this case or centre, and the form for a new one.
ADMIN: dict[str, tuple[set[str], set[str], set[str]]] = {
    "accounts_agency": ({"administrator"}, {"administrator"}, {"administrator"}),
    "accounts_user": ({"administrator"}, {"administrator"}, {"administrator"}),
    "exchange_apitoken": ({"administrator"}, {"administrator"}, NOBODY),
    "exchange_webhook": ({"administrator"}, {"administrator"}, {"administrator"}),
    "exchange_delivery": ({"administrator"}, {"administrator"}, NOBODY),
    "cameras_camera": (STAFF, {"supervisor", "administrator"}, {"administrator"}),
    "cameras_recording": (STAFF, {"supervisor", "administrator"}, STAFF),
    "inference_analysis": (STAFF, {"supervisor", "administrator"}, NOBODY),
    "inference_sighting": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "inference_plate": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "inference_tunedmodel": ({"administrator"}, {"administrator"}, NOBODY),
    "inference_pairbackground": ({"administrator"}, {"administrator"}, NOBODY),
    "investigations_case": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_searchrequest": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_search": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_candidate": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_path": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_answer": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_evidencepackage": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_tip": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_comment": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_hold": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_destruction": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_legalbasis": (STAFF, STAFF, {"administrator"}),
    "investigations_watchentry": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "investigations_watchalert": ({"supervisor", "stranger"}, {"supervisor"}, NOBODY),
    "audit_auditentry": (STAFF, {"supervisor"}, NOBODY),  # what people of the own centre did
}
ADMIN_PAGES: dict[str, set[str]] = {
    "admin:index": STAFF,
    "admin:login": NOBODY,  # the same address
    "admin:logout": NOBODY,
    "admin:search": STAFF,
    "admin:password_change": SIGNED_IN,  # leads to the own page
    "admin:password_change_done": STAFF,
    "admin:autocomplete": NOBODY,  # no field uses it
    "admin:jsi18n": STAFF,
    "admin:view_on_site": NOBODY,
    "admin:auth_user_password_change": {"administrator"},
    "admin:audit_auditentry_trail": STAFF,
    "admin:audit_auditentry_verify": NOBODY,  # by POST alone
    "admin:audit_auditentry_root": NOBODY,  # by POST alone
    "admin:audit_auditentry_export": NOBODY,  # by POST alone
    "admin:app_list": STAFF,
    "admin:cameras_camera_import_page": {"administrator"},
    "admin:cameras_camera_export_page": {"administrator"},
}
for model, (listed, opened, added) in ADMIN.items():
    ADMIN_PAGES |= {
        f"admin:{model}_changelist": listed,
        f"admin:{model}_change": opened,
        f"admin:{model}_history": opened,
        f"admin:{model}_add": added,
        f"admin:{model}_delete": NOBODY,
    }
TABLE = PAGES | ADMIN_PAGES

HOURS = {"starts_at": "2026-11-20 12:00", "ends_at": "2026-11-20 13:00"}
PLACE = {"latitude": 36.5, "longitude": 127.3}
CAMERA = {"code": "N1", "name": "New"} | PLACE
SEARCH = {"starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-20T09:00:00Z"}
SOON = f"{localtime() + timedelta(days=3):%Y-%m-%d %H:%M}"
WATCHED = {"plate": "77가7777", "reason": "stolen", "valid_until": SOON}
# Route: who can do it, with which words, and which entry it leaves.
VERBS: dict[str, tuple[set[str], dict[str, Any], str]] = {
    "admin:audit_auditentry_verify": (STAFF, {}, "audit.check_requested"),
    "admin:audit_auditentry_root": (STAFF, {"root": "0:" + "0" * 64}, "audit.root_checked"),
    "admin:audit_auditentry_export": (STAFF, {"month": f"{localtime():%Y-%m}"}, "audit.exported"),
    "camera-export": ({"administrator"}, {"encoding": "utf-8"}, "cameras.exported"),
    "case-close": (STATION, {"outcome": "found", "reason": "came home"}, "case.closed"),
    "case-share": (STATION, {"note": "Watch the buses."}, "case.shared"),
    "tip-add": (STATION | CENTRE, {"source": "police", "text": "Seen", "seen_at": "2020-01-01 12:00"}, "tip.added"),
    "request-new": (STATION, {"wanted": "red coat", "purpose": "law"}, "request.drafted"),
    "request-edit": (STATION, {"wanted": "blue coat", "purpose": "law"}, "request.drafted"),
    "request-send": (STATION, {}, "request.submitted"),
    "request-discard": (STATION, {}, "request.discarded"),
    "request-reopen": (STATION, {"reason": "seen up north"}, "request.reopened"),
    "request-close": (STATION, {"outcome": "withdrawn", "reason": "came home"}, "request.closed"),
    "comment-add": (STATION | CENTRE, {"text": "Red boots."}, "comment.added"),
    "attachment-add": (STATION | CENTRE, {}, "attachment.added"),
    "attachment-remove": (STATION, {}, "attachment.removed"),
    "log-out-elsewhere": (SIGNED_IN, {}, "user.sessions_ended"),
    "recovery-codes": (NOBODY, {}, "user.recovery_codes_made"),  # nobody here has a second factor yet
    "request-receive": (CENTRE, {}, "request.received"),
    "request-assign": (CENTRE, {}, "request.assigned"),
    "request-review": (CENTRE, {}, "request.reviewed"),
    "request-scope": ({"supervisor"}, {"hours": "5", "reason": "snow"}, "scope.changed"),
    "hold-place": (CENTRE, {"camera": "SECRET-CAM", "reason": "court"} | HOURS, "hold.placed"),
    "hold-release": (CENTRE, {"reason": "over"}, "hold.released"),
    "answer-new": (CENTRE, {"text": "Not seen."}, "request.answered"),
    "package-new": (CENTRE, {"reason": "court", "margin_s": "5"}, "package.requested"),
    "package-cancel": (CENTRE, {}, "package.cancelled"),
    # The operator has worked on this search: knows its decisions, and gives no second opinion.
    "review-give": ({"supervisor"}, {"verdict": "confirmed"}, "candidate.agreed"),
    "api-search-decisions": ({"supervisor"}, {}, "decisions.shown"),
    "request-decide": ({"supervisor"}, {"decision": "return", "reason": "A photo, please."}, "request.returned"),
    "api-search-cancel": (CENTRE, {}, "search.cancelled"),
    # Who has not worked on this search does not know its decisions.
    "api-search-refine": ({"operator"}, {}, "search.refined"),
    "api-candidate-decision": (CENTRE, {"decision": "confirmed", "seen": "pending"}, "candidate.confirmed"),
    "api-candidate-decisions": (CENTRE, {"decision": "confirmed"}, "candidate.confirmed"),
    "api-request-path": (CENTRE, {}, "path.built"),
    "api-footage": (CENTRE, {}, "footage.viewed"),
    "api-path-share": (CENTRE, {"reason": "north"}, "path.shared"),
    "watch-new": ({"supervisor", "stranger"}, WATCHED, "watch.added"),
    "watch-correct": ({"supervisor"}, WATCHED | {"plate": "13나3456", "why": "mistyped"}, "watch.corrected"),
    "watch-dismiss": (CENTRE, {"reason": "another"}, "alert.dismissed"),
    "watch-extend": ({"supervisor"}, {"valid_until": SOON, "reason": "longer"}, "watch.extended"),
    "watch-end": ({"supervisor"}, {"outcome": "found", "reason": "there it is"}, "watch.ended"),
    "watch-look-back": ({"supervisor"}, {"hours": "24", "reason": "fled"}, "watch.looked_back"),
    "watch-decide": (CENTRE, {"status": "confirmed", "seen": "open", "reason": "it is it"}, "alert.confirmed"),
    "watch-import-apply": ({"supervisor"}, {}, "watch.imported"),
    "watch-import-discard": ({"supervisor"}, {}, "watch.discarded"),
    "watch-export": ({"supervisor"}, {}, "watch.exported"),
    "api-watch": ({"supervisor", "stranger"}, WATCHED, "watch.added"),
    "api-watch-decision": (CENTRE, {"status": "dismissed", "seen": "open", "reason": "another"}, "alert.dismissed"),
    "own-tokens": (SIGNED_IN, {"name": "export", "days": "30"}, "token.created"),
    "token-revoke": ({"operator"}, {}, "token.revoked"),
    "api-request-searches": (CENTRE, SEARCH, "search.started"),
    "api-cases": (POLICE, {"number": "2026-9", "title": "Missing", "kind": "suspect"}, "case.opened"),
    "api-case-close": (STATION, {"outcome": "found", "reason": "came home"}, "case.closed"),
    "api-case-requests": (STATION, {"wanted": "red coat", "purpose": "law"}, "request.drafted"),
    "api-request-steps": (STATION, {"step": "close", "outcome": "found", "reason": "home"}, "request.closed"),
    "api-request-scope": ({"supervisor"}, {"hours": 5, "reason": "snow"}, "scope.changed"),
    "api-request-comments": (STATION | CENTRE, {"text": "Red boots."}, "comment.added"),
    "api-camera-groups": (CENTRE | {"administrator"}, {"name": "School"}, "group.saved"),
    "api-cameras": ({"administrator"}, CAMERA, "camera.added"),
    "api-camera-position": ({"administrator"}, PLACE | {"reason": "new pole"}, "camera.moved"),
    "api-coverage-analyses": (CENTRE | {"administrator"}, {}, "analysis.requested"),
    "api-request-answers": (CENTRE, {"candidates": [], "text": "Not seen."}, "request.answered"),
}
