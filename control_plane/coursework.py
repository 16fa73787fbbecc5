"""Part of the composition root: assignments, submissions and hidden tests, where there are accounts."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from control_plane.adapters.local import Adapters
from control_plane.api.dependencies import Coursework
from control_plane.services.audit import AuditLog
from control_plane.services.courses.assignments import Assignments
from control_plane.services.courses.collection import Collection
from control_plane.services.courses.courses import Courses
from control_plane.services.courses.hidden_test_run import HiddenTestRun
from control_plane.services.courses.hidden_tests import HiddenTests
from control_plane.services.courses.project_archives import ProjectArchives
from control_plane.services.courses.starts import Starts
from control_plane.services.courses.submissions import Submissions
from control_plane.services.deletions import Deletions
from control_plane.services.people.directory import Directory
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.projects import Projects
from control_plane.services.sandboxes.allowances import Allowances
from control_plane.services.sandboxes.sandboxes import Sandboxes
from control_plane.settings import Settings
from sandbox_image.wire.limits import MIB

Loops = dict[str, Callable[[], Awaitable[None]]]


async def open_coursework(
    stack: AsyncExitStack,
    settings: Settings,
    adapters: Adapters,
    directory: Directory,
    courses: Courses,
    registry: ProjectRegistry,
    projects: Projects,
    sandboxes: Sandboxes,
    deletions: Deletions,
    allowances: Allowances,
    audit: AuditLog,
) -> Coursework:
    """Build the services, and go on with what was interrupted."""
    clock, link = adapters.clock, adapters.link
    archives = ProjectArchives(
        adapters.archives, projects, sandboxes, link, directory, clock, settings.max_archive_mb * MIB
    )
    assignments = Assignments(directory, courses, registry, archives, sandboxes, link, adapters.reader, audit, clock)
    submissions = Submissions(directory, courses, assignments, archives, registry, audit, clock)
    starts = await stack.enter_async_context(
        Starts(directory, assignments, submissions, archives, projects, deletions, clock)
    )
    tests = await stack.enter_async_context(
        HiddenTests(
            assignments,
            submissions,
            archives,
            adapters.test_rows,
            HiddenTestRun(link, adapters.reader, sandboxes, adapters.archives, clock, settings.test_timeout_sec),
            registry,
            projects,
            deletions,
            allowances,
            audit,
            clock,
            at_once=settings.tests_at_once,
            max_sec=settings.tests_max_sec,
        )
    )
    await starts.resume()
    await tests.resume()
    return Coursework(
        assignments=assignments,
        submissions=submissions,
        starts=starts,
        tests=tests,
        archives=archives,
        collection=Collection(directory, submissions, sandboxes, audit, clock),
    )


def loops_of(coursework: Coursework | None) -> Loops:
    """Return what runs in the background, by name."""
    return {} if coursework is None else {"archives": coursework.archives.run, "collection": coursework.collection.run}
