"""What people have to do with projects ends with them: shares, links and looks go once a project is removed for good."""

from collections.abc import Callable

import structlog

from control_plane.domain.courses import Look
from control_plane.domain.errors import StoreUnavailable
from control_plane.domain.identity import Change, Drop, Grant, Identity, ShareLink
from control_plane.services.people.directory import Directory

log = structlog.stdlib.get_logger()


class GoneProjects:
    """Forgets what was left to people in projects that are gone. One whose deletion can be undone is not."""

    def __init__(self, directory: Directory, exists: Callable[[str], bool]) -> None:
        """``exists`` tells of a project's id whether there is one, deleted or not."""
        self._directory = directory
        self._exists = exists

    async def sweep(self) -> None:
        """Forget now; what the database keeps from being forgotten is forgotten the next time."""

        def make(identity: Identity) -> tuple[list[Change], int]:
            left = [
                record
                for kind in (Grant, ShareLink, Look)
                for record in identity.all(kind).values()
                if not self._exists(record.project_id)
            ]
            return [Drop(type(record), record.id) for record in left], len(left)

        try:
            forgotten = await self._directory.change(make)
        except StoreUnavailable as error:
            log.warning("gone_projects_not_forgotten", message=error.message)
        else:
            if forgotten:
                log.info("gone_projects_forgotten", records=forgotten)
