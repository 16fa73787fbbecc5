"""Shares: who, besides its owner, may look at a project or change it, and links that give that."""

from collections.abc import Mapping
from typing import Final

from control_plane.domain.access import Share
from control_plane.domain.audit import AuditAction
from control_plane.domain.errors import Forbidden, Invalid, NotFound, TooMany
from control_plane.domain.identity import (
    Change,
    Drop,
    Grant,
    Identity,
    Put,
    ShareLink,
    digest_of,
    grant_id,
    new_id,
    new_secret,
)
from control_plane.domain.project import ProjectRecord
from control_plane.domain.refusals import Refusal
from control_plane.ports import Clock
from control_plane.services.audit import Actor, AuditLog
from control_plane.services.people.directory import Directory

GIVEN: Final = frozenset({Share.VIEWER, Share.EDITOR})
MAX_PER_PROJECT: Final = 500
MAX_LINKS: Final = 50
MAX_EXPIRY_SEC: Final = 366 * 86400


class Shares:
    """Shares of all projects. Look-ups never wait."""

    def __init__(self, directory: Directory, audit: AuditLog, clock: Clock) -> None:
        self._directory = directory
        self._audit = audit
        self._clock = clock

    # ── Looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def granted(self, project_id: str, person_id: str) -> Share:
        """Return what a person was given in a project; the guard asks for each request."""
        grant = self._directory.identity.get(Grant, grant_id(project_id, person_id))
        return grant.share if grant is not None else Share.NONE

    def given_to(self, person_id: str) -> Mapping[str, Share]:
        """Return a person's shares by project."""
        grants = self._directory.identity.all(Grant).values()
        return {grant.project_id: grant.share for grant in grants if grant.person_id == person_id}

    def of(self, project_id: str) -> list[Grant]:
        """Return a project's shares, oldest first."""
        grants = self._directory.identity.all(Grant).values()
        return sorted((g for g in grants if g.project_id == project_id), key=lambda grant: grant.created_at)

    def links(self, project_id: str) -> list[ShareLink]:
        """Return a project's links that are still good, the newest first."""
        now = self._clock.now()
        links = self._directory.identity.all(ShareLink).values()
        mine = [link for link in links if link.project_id == project_id and link.expires_at > now]
        return sorted(mine, key=lambda link: link.created_at, reverse=True)

    # ── Shares ────────────────────────────────────────────────────────────────────────────────────────────────

    async def grant(self, actor: Actor, project: ProjectRecord, person_id: str, share: Share) -> Grant:
        """Give a person a share, or another one. Raises ``Invalid``, ``TooMany``."""
        grant = self._new_grant(actor, project, person_id, share)

        def make(identity: Identity) -> tuple[list[Change], None]:
            self._check_room(identity, grant)
            return [Put(grant)], None

        await self._directory.change(make)
        self._audit.record(
            AuditAction.SHARE_CHANGED, actor, project_id=project.id, person_id=person_id, share=share.value
        )
        return grant

    async def revoke(self, actor: Actor, project_id: str, person_id: str) -> None:
        """Take a person's share back. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], None]:
            id_ = grant_id(project_id, person_id)
            if identity.get(Grant, id_) is None:
                raise NotFound("This person has no share in the project.")
            return [Drop(Grant, id_)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.SHARE_REMOVED, actor, project_id=project_id, person_id=person_id)

    # ── Links ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_link(
        self, actor: Actor, project: ProjectRecord, share: Share, expires_in_sec: float
    ) -> tuple[ShareLink, str]:
        """Make a link; return it with its secret. Raises ``Invalid``, ``TooMany``."""
        check_given(share)
        if not 60 <= expires_in_sec <= MAX_EXPIRY_SEC:
            raise Invalid("A link lasts from a minute to a year.", field="expires_in_sec")
        secret = new_secret("afl_")
        now = self._clock.now()
        link = ShareLink(
            id=new_id(),
            digest=digest_of(secret),
            project_id=project.id,
            share=share,
            created_by=actor.person_id,
            created_at=now,
            expires_at=now + expires_in_sec,
        )

        def make(identity: Identity) -> tuple[list[Change], None]:
            held = [other for other in identity.all(ShareLink).values() if other.project_id == project.id]
            over: list[Change] = [Drop(ShareLink, other.id) for other in held if other.expires_at <= now]
            if len(held) - len(over) >= MAX_LINKS:
                raise TooMany(f"The project has {MAX_LINKS} links: revoke some.")
            return [*over, Put(link)], None

        await self._directory.change(make)
        self._audit.record(
            AuditAction.SHARE_LINK_CREATED, actor, project_id=project.id, link_id=link.id, share=share.value
        )
        return link, secret

    async def revoke_link(self, actor: Actor, project_id: str, link_id: str) -> None:
        """Take a link back; who came by it keeps their share. Raises ``NotFound``."""

        def make(identity: Identity) -> tuple[list[Change], None]:
            link = identity.get(ShareLink, link_id)
            if link is None or link.project_id != project_id:
                raise NotFound(f"There is no link {link_id[:64]!r}.")
            return [Drop(ShareLink, link_id)], None

        await self._directory.change(make)
        self._audit.record(AuditAction.SHARE_LINK_REVOKED, actor, project_id=project_id, link_id=link_id)

    def link_for(self, secret: str) -> ShareLink:
        """Return the link whose secret this is. Raises ``Forbidden`` when it is over."""
        return self._good(self._directory.identity, secret)

    async def accept(self, actor: Actor, project: ProjectRecord, secret: str) -> Share:
        """Give the actor what a link gives; a greater share stays. Raises ``Forbidden``, ``TooMany``."""

        def make(identity: Identity) -> tuple[list[Change], tuple[ShareLink, Share]]:
            link = self._good(identity, secret)
            held = identity.get(Grant, grant_id(project.id, actor.person_id))
            if project.owner == actor.person_id:
                return [], (link, Share.OWNER)
            if held is not None and (held.share is link.share or held.share is Share.EDITOR):
                return [], (link, held.share)
            grant = self._new_grant(actor, project, actor.person_id, link.share)
            self._check_room(identity, grant)
            return [Put(grant)], (link, link.share)

        link, share = await self._directory.change(make)
        self._audit.record(
            AuditAction.SHARE_LINK_ACCEPTED, actor, project_id=project.id, link_id=link.id, share=share.value
        )
        return share

    def _good(self, identity: Identity, secret: str) -> ShareLink:
        link = identity.with_secret(ShareLink, secret)
        if link is None or link.expires_at <= self._clock.now():
            raise Forbidden("This link is over: ask for a new one.", reason=Refusal.LINK_OVER)
        return link

    def _new_grant(self, actor: Actor, project: ProjectRecord, person_id: str, share: Share) -> Grant:
        check_given(share)
        if person_id == project.owner:
            raise Invalid("The project is theirs already.", field="person_id", reason=Refusal.THEIRS_ALREADY)
        return Grant(
            id=grant_id(project.id, person_id),
            project_id=project.id,
            person_id=person_id,
            share=share,
            created_by=actor.person_id,
            created_at=self._clock.now(),
        )

    @staticmethod
    def _check_room(identity: Identity, grant: Grant) -> None:
        grants = identity.all(Grant)
        if grant.id not in grants and sum(g.project_id == grant.project_id for g in grants.values()) >= MAX_PER_PROJECT:
            raise TooMany(f"{MAX_PER_PROJECT} people have a share in the project: take some back.")


def check_given(share: Share) -> None:
    """Raise ``Invalid`` for a share that nobody can give."""
    if share not in GIVEN:
        raise Invalid("A project can be shared as viewer or as editor.", field="share")
