"""Who works here: agencies, and the people who act for them."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class AgencyQuerySet(models.QuerySet["Agency"]):
    def visible_to(self, user: Any) -> Self:
        """An administrator without an agency sees all; everybody else the own one."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if user.is_administrator and user.agency_id is None else self.filter(pk=user.agency_id)


class Agency(models.Model):
    class Kind(models.TextChoices):
        POLICE = "police", _("police station")
        CENTRE = "centre", _("control centre")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PeopleManager(UserManager["User"]):
    def visible_to(self, user: Any) -> models.QuerySet["User"]:
        """An administrator without an agency sees everybody; one with an agency its people."""
        if not user.is_authenticated or not user.is_active or not user.is_administrator:
            return self.none()
        return self.all() if user.agency_id is None else self.filter(agency_id=user.agency_id)


class User(AbstractUser):
    """A person with one role in one agency. What a role may do stands in `rights.py`."""

    class Role(models.TextChoices):
        OFFICER = "officer", _("police officer")
        OPERATOR = "operator", _("operator")
        SUPERVISOR = "supervisor", _("supervisor")
        ADMINISTRATOR = "administrator", _("administrator")

    role = models.CharField(_("role"), max_length=15, choices=Role, default=Role.OFFICER)
    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="members", verbose_name=_("agency"), null=True, blank=True
    )
    # In which e-mails and what workers make are written; a page's own is that of its reader's browser.
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    # Counted up to end all sessions of the person.
    session_series = models.PositiveIntegerField(default=0, editable=False)

    # AbstractUser asks for an e-mail address here; accounts in a closed network often have none.
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role="administrator") | models.Q(agency__isnull=False) | models.Q(is_superuser=True),
                name="user_has_agency",
                violation_error_message=_("Everyone but an administrator belongs to an agency."),
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What a session must match at each request. Another password, role or agency ends every session."""
        held = f"{self.password}|{self.role}|{self.agency_id}|{self.session_series}"
        return salted_hmac("portal.accounts.session", held, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        # Korean names are written family name first, without a space.
        return f"{self.last_name}{self.first_name}"

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def is_officer(self) -> bool:
        return self.role == self.Role.OFFICER

    @property
    def is_centre_member(self) -> bool:
        """An operator or supervisor: someone who looks at footage on behalf of a control centre."""
        return self.role in {self.Role.OPERATOR, self.Role.SUPERVISOR}

    @property
    def is_administrator(self) -> bool:
        return self.role == self.Role.ADMINISTRATOR
