"""Bodies about people, their credentials and shares. Times are seconds since 1970, durations seconds."""

from dataclasses import dataclass, field
from typing import Any

from control_plane.domain.access import Share
from control_plane.domain.identity import Account, ApiToken, Invitation, ShareLink
from control_plane.domain.people import Role, Scope
from sandbox_image.wire.agent import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInWays:
    """How people sign in here. ``oidc`` is the provider's name for the button; empty: there is none."""

    mode: str
    password: bool
    registration: str
    oidc: str = ""
    oidc_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Body of ``POST /api/session``."""

    login: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Body of ``POST /api/registration``. ``invitation`` is what follows the ``#`` of the invitation's link."""

    login: str
    password: str
    name: str = ""
    invitation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """Body of ``POST /api/password``; all other sessions end."""

    new_password: str
    old_password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo:
    """A browser that is signed in; ``current`` is the one that asks."""

    id: str
    created_at: float
    seen_at: float
    expires_at: float
    address: str
    agent: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How many ended."""

    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """Body of ``POST /api/tokens``. ``expires_in_sec`` null: it never ends."""

    name: str
    scope: Scope = Scope.EDIT
    expires_in_sec: float | None = 90 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInfo:
    """A token. ``token`` is the secret itself, in the answer to its creation only."""

    id: str
    name: str
    scope: Scope
    created_at: float
    expires_at: float | None
    used_at: float | None
    token: str = ""

    @classmethod
    def of(cls, token: ApiToken, secret: str = "") -> "TokenInfo":
        """Describe a token."""
        return cls(
            id=token.id,
            name=token.name,
            scope=token.scope,
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
            token=secret,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Body of ``POST /api/people``. Without a password, only the identity provider leads to the account."""

    login: str
    name: str = ""
    role: Role = Role.STUDENT
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPatch:
    """Body of ``PATCH /api/people/{person_id}``: what is null stays as it is."""

    role: Role | None = None
    disabled: bool | None = None
    name: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInfo:
    """A person, as administrators see them."""

    id: str
    login: str
    name: str
    role: Role
    disabled: bool
    created_at: float
    seen_at: float | None
    by_password: bool
    by_oidc: bool
    projects: int

    @classmethod
    def of(cls, account: Account, seen_at: float | None, projects: int) -> "PersonInfo":
        """Describe an account."""
        return cls(
            id=account.id,
            login=account.login,
            name=account.name,
            role=account.role,
            disabled=account.disabled,
            created_at=account.created_at,
            seen_at=seen_at,
            by_password=bool(account.password),
            by_oidc=bool(account.subject),
            projects=projects,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """Body of ``POST /api/invitations``. ``max_uses`` 0: any number of people."""

    role: Role = Role.STUDENT
    expires_in_sec: float = 7 * 86400.0
    course_id: str = ""
    max_uses: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationInfo:
    """An invitation. ``url`` is in the answer to its creation only."""

    id: str
    role: Role
    course_id: str
    created_by: str
    created_at: float
    expires_at: float
    max_uses: int
    uses: int
    url: str = ""

    @classmethod
    def of(cls, invitation: Invitation, created_by: str, url: str = "") -> "InvitationInfo":
        """Describe an invitation."""
        return cls(
            id=invitation.id,
            role=invitation.role,
            course_id=invitation.course_id,
            created_by=created_by,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            max_uses=invitation.max_uses,
            uses=invitation.uses,
            url=url,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShare:
    """Body of ``POST /api/project/{project_id}/shares``."""

    login: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePatch:
    """Body of ``PATCH /api/project/{project_id}/shares/{person_id}``."""

    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareInfo:
    """A person's share in a project."""

    person_id: str
    login: str
    name: str
    share: Share
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShareLink:
    """Body of ``POST /api/project/{project_id}/share-links``."""

    share: Share = Share.VIEWER
    expires_in_sec: float = 7 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLinkInfo:
    """A link that gives a share. ``url`` is in the answer to its creation only."""

    id: str
    share: Share
    created_at: float
    expires_at: float
    url: str = ""

    @classmethod
    def of(cls, link: ShareLink, url: str = "") -> "ShareLinkInfo":
        """Describe a link."""
        return cls(id=link.id, share=link.share, created_at=link.created_at, expires_at=link.expires_at, url=url)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesInfo:
    """Everybody who has a share in a project, and the links that give one."""

    people: list[ShareInfo]
    links: list[ShareLinkInfo]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptShare:
    """Body of ``POST /api/shares/accept``: what follows the ``#`` of a share link."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The project that a share link led to."""

    project_id: str
    name: str
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An entry of the audit log. ``actor`` is a person's id; empty for the system itself."""

    id: int
    at: float
    action: str
    actor: str
    actor_name: str
    project_id: str
    project_name: str
    address: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Entries, newest first. ``next_before`` is what to ask on with; null: that was all."""

    entries: list[AuditLine]
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxInfo:
    """A sandbox, as administrators see it. Bytes; ``sent`` and ``received`` passed its gate. ``usage`` is null when it does not run, or was not asked for."""

    project_id: str
    project_name: str
    owner_id: str
    owner_name: str
    state: str
    reason: str
    message: str
    generation: int
    started_at: float
    changed_at: float
    queue_position: int | None
    busy: list[str]
    memory_limit: int
    cpus: float
    disk_limit: int
    sent: int
    received: int
    usage: Usage | None = None
