"""Workspaces, and the users who work in them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from tillit.policy.declarations import Declares, nobody


class Workspace(models.Model):
    """The unit of isolation: persons, lists, policy and users of one member, or of the operator's house."""

    class Kind(models.TextChoices):
        HOUSE = "house", _("Operator")
        MEMBER = "member", _("Member")

    id = models.AutoField(primary_key=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MEMBER)
    language = models.CharField(_("language"), max_length=5, default="en")
    postal_address = models.TextField(_("postal address"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    privacy = nobody(plain=("name", "kind", "language", "postal_address", "created_at"))

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users are found by address, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in to the console."""

    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False, help_text=_("May make workspaces and see the whole installation."))
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = UserManager()

    privacy = Declares(
        subject="user",
        category="account",
        retain="account",
        personal={
            "email": "contact",
            "name": "identity",
            "password": "account",
            "last_login": "account",
            "language": "account",
        },
        plain=("is_active", "is_operator", "created_at"),
    )

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_lower")]

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    """What a user may do in a workspace; each includes the one before it."""

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    OWNER = "owner", _("Owner")

    @property
    def rank(self) -> int:
        return [Role.VIEWER, Role.EDITOR, Role.OWNER].index(self)


class Membership(models.Model):
    """A user's role in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    privacy = Declares(
        subject="user", category="account", retain="account", personal={"user": "account", "role": "account"}
    )

    class Meta:
        constraints = [models.UniqueConstraint("workspace", "user", name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.workspace_id}: {self.role}"


class ApiKey(models.Model):
    """A program's way in: what it may do, for which purposes, and whom what it reads goes to. Its text is not kept."""

    ROLES = (Role.VIEWER, Role.EDITOR)  # what only owners may do is done by people

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=120)
    prefix = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32, unique=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    purposes = ArrayField(models.CharField(max_length=63))
    recipient = models.CharField(_("recipient"), max_length=80, blank=True)
    made_by = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    window_at = models.DateTimeField(null=True)
    used = models.PositiveIntegerField(default=0)

    privacy = nobody(
        plain=(
            *("name", "prefix", "digest", "role", "purposes", "recipient", "made_by", "created_at", "expires_at"),
            *("revoked_at", "last_used_at", "window_at", "used"),
        ),
        reason="a program's, not a person's; who made it is a number",
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.CheckConstraint(name="apikey_role", condition=~models.Q(role="owner"))]

    def __str__(self) -> str:
        return self.name


class CacheEntry(models.Model):
    """What Django's database cache keeps: the counts of sign-in attempts, shared by all processes."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    privacy = Declares(
        subject="user",
        category="account",
        retain="minutes",
        personal={"cache_key": "account", "value": "account"},
        plain=("expires",),
        reason="an address or a user's number, so that nobody can try passwords without end",
    )

    class Meta:
        db_table = "tillit_cache"

    def __str__(self) -> str:
        return self.cache_key
