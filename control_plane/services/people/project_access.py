"""What a person is in a project of somebody else's: by a share, as long as no exam suspends it, or by a look."""

from collections.abc import Mapping

from control_plane.domain.access import Share
from control_plane.services.courses.exams import Exams
from control_plane.services.people.looks import Looks
from control_plane.services.people.shares import Shares


class ProjectAccess:
    """Passes as ``api.guard.Grants``. Look-ups never wait."""

    def __init__(self, shares: Shares, exams: Exams, looks: Looks) -> None:
        self._shares = shares
        self._exams = exams
        self._looks = looks

    def granted(self, project_id: str, person_id: str) -> Share:
        """Return what a person is in a project that is not theirs; the guard asks for each request."""
        share = self._shares.granted(project_id, person_id)
        if share is not Share.NONE and not self._exams.suspends(project_id, person_id):
            return share
        if self._looks.may_see(project_id, person_id) and not self._exams.person_in_exam(person_id):
            return Share.VIEWER
        return Share.NONE

    def given_to(self, person_id: str) -> Mapping[str, Share]:
        """Return a person's shares that count now, by project."""
        shares = self._shares.given_to(person_id)
        return {id_: share for id_, share in shares.items() if not self._exams.suspends(id_, person_id)}
