"""Part of the composition root: the services about people, for either mode."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from control_plane.adapters.local import Adapters
from control_plane.api.dependencies import HostedServices
from control_plane.api.guard import SECURE_SESSION_COOKIE, SESSION_COOKIE, Guard
from control_plane.ports import EventSink
from control_plane.services.audit import AuditLog
from control_plane.services.courses.courses import Courses
from control_plane.services.courses.exam_break import ExamBreak
from control_plane.services.courses.exams import Exams
from control_plane.services.courses.members import Members
from control_plane.services.deletions import Deletions
from control_plane.services.open_sockets import OpenSockets
from control_plane.services.people.access_watch import AccessWatch
from control_plane.services.people.accounts import Accounts
from control_plane.services.people.api_tokens import ApiTokens
from control_plane.services.people.directory import Directory
from control_plane.services.people.gone_projects import GoneProjects
from control_plane.services.people.invitations import Invitations
from control_plane.services.people.looks import Looks
from control_plane.services.people.oidc_sign_in import OidcSignIn
from control_plane.services.people.people import HostedPeople, LocalPeople, People
from control_plane.services.people.project_access import ProjectAccess
from control_plane.services.people.provider_accounts import ProviderAccounts
from control_plane.services.people.sessions import Sessions
from control_plane.services.people.shares import Shares
from control_plane.services.project_registry import ProjectRegistry
from control_plane.services.sandboxes.allowances import Allowances
from control_plane.services.sandboxes.enforcement import Enforcement
from control_plane.settings import LOOPBACK_NAMES, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Who may come in, and the loops that keep it true. ``loops`` run in the background, by name."""

    guard: Guard
    people: People
    hosted: HostedServices | None
    directory: Directory | None
    loops: dict[str, Callable[[], Awaitable[None]]]


async def open_entrance(
    settings: Settings,
    adapters: Adapters,
    registry: ProjectRegistry,
    sockets: OpenSockets,
    audit: AuditLog,
    events: EventSink,
) -> Entrance:
    """Build the services about people, and read what is stored of them."""
    if settings.mode == "local":
        people = LocalPeople(settings.local_token(), adapters.clock, settings.session_sec)
        return Entrance(
            guard=guard_of(settings, people, registry), people=people, hosted=None, directory=None, loops={}
        )
    directory = Directory(adapters.identity, adapters.clock)
    await directory.load()
    people = HostedPeople(directory, adapters.clock, settings.session_sec)
    hosted = hosted_services(settings, adapters, registry, directory, audit, events)
    guard = guard_of(settings, people, registry, hosted)
    watch = AccessWatch(people, guard, sockets, lambda project_id: registry.find(project_id) is not None)
    directory.on_look(hosted.exams.sweep)
    directory.on_look(watch.sweep)
    return Entrance(
        guard=guard, people=people, hosted=hosted, directory=directory, loops={"directory": directory.follow}
    )


def know_people(allowances: Allowances, enforcement: Enforcement, hosted: HostedServices) -> None:
    """Tell the allowances of roles, courses and exams, and see to it that exams begin and end at once."""
    allowances.role_of = hosted.accounts.role_of
    allowances.courses = hosted.courses
    allowances.egress_closed = hosted.exams.egress_closed
    hosted.exams.on_change(enforcement.soon)


async def forget_gone_projects(deletions: Deletions, registry: ProjectRegistry, directory: Directory) -> None:
    """See to it that what people have to do with a project goes with it, also where the last process ended meanwhile."""
    deletions.gone = GoneProjects(directory, lambda project_id: registry.find_any(project_id) is not None).sweep
    await deletions.gone()


def guard_of(
    settings: Settings, people: People, registry: ProjectRegistry, hosted: HostedServices | None = None
) -> Guard:
    """Build the guard."""
    hosts = {*LOOPBACK_NAMES, *settings.allowed_hosts}
    origins = set(settings.allowed_origins)
    if settings.public_url:
        hosts.add(settings.public_host)
        origins.add(settings.public_url)
    return Guard(
        people,
        registry,
        hosts=frozenset(hosts),
        origins=frozenset(origins),
        grants=hosted.access if hosted is not None else None,
        courses=hosted.courses if hosted is not None else None,
        cookie=SECURE_SESSION_COOKIE if settings.mode == "hosted" and settings.over_tls else SESSION_COOKIE,
        metrics_token=settings.metrics_token,
    )


def hosted_services(
    settings: Settings,
    adapters: Adapters,
    registry: ProjectRegistry,
    directory: Directory,
    audit: AuditLog,
    events: EventSink,
) -> HostedServices:
    """Build what only a deployment with accounts has."""
    from control_plane.adapters.passwords import Argon2Passwords  # noqa: PLC0415  # not in local mode

    clock = adapters.clock
    accounts = Accounts(
        directory,
        Argon2Passwords(settings.argon2_memory_kib, settings.argon2_passes),
        audit,
        clock,
        lambda person_id: any(record.owner == person_id for record in registry.all()),
    )
    courses = Courses(directory, audit, clock)
    members = Members(directory, audit, clock, settings.registration, settings.oidc_group_claim)
    invitations = Invitations(directory, accounts, audit, clock, settings.registration)
    invitations.joined = members.join
    shares = Shares(directory, audit, clock)
    exams = Exams(directory, courses, audit, clock, registry.owner_of)
    looks = Looks(directory, courses, audit, clock, events, accounts.name_of)
    return HostedServices(
        accounts=accounts,
        sessions=Sessions(directory, audit, clock, settings.session_sec),
        tokens=ApiTokens(directory, audit, clock),
        invitations=invitations,
        shares=shares,
        courses=courses,
        members=members,
        exams=exams,
        exam_break=ExamBreak(exams),
        looks=looks,
        access=ProjectAccess(shares, exams, looks),
        oidc=oidc_of(settings, adapters, accounts, ProviderAccounts(directory, audit), members)
        if settings.oidc_issuer
        else None,
        oidc_name=settings.oidc_name,
        public_url=settings.public_url,
    )


def oidc_of(
    settings: Settings, adapters: Adapters, accounts: Accounts, provided: ProviderAccounts, members: Members
) -> OidcSignIn:
    """Build the way in by the identity provider."""
    from control_plane.adapters.oidc import AuthlibProvider  # noqa: PLC0415  # only where there is a provider

    provider = AuthlibProvider(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_scopes
    )
    return OidcSignIn(
        provider,
        accounts,
        provided,
        adapters.clock,
        settings.oidc_rules,
        issuer=settings.oidc_issuer,
        secret=settings.local_token().encode(),
        follow_claims=members.follow_claims,
    )
