"""The project's Python environment and its packages."""

from enum import StrEnum

from msgspec import Struct, field


class VenvState(StrEnum):
    NOT_STARTED = "not_started"
    CREATING = "creating"
    INSTALLING = "installing"
    COMPLETED = "completed"
    FAILED = "failed"


class VenvStatus(Struct, frozen=True, kw_only=True):
    """State of the environment. ``progress`` is 0 to 1; ``message`` says what is happening or what failed, and why."""

    status: VenvState
    progress: float = 0.0
    message: str = ""
    python: str = ""
    fingerprint: str = ""
    """Digest of the interpreter and the installed distributions; part of every cache key."""
    usable: bool = False
    """True when nodes can run with it: also while packages are added, and after that has failed."""
    outdated: bool = False
    """True when ``requirements.txt`` asks for other packages than were installed from it last."""
    log: list[str] = field(default_factory=list[str])
    """The last lines of uv's output."""


class Package(Struct, frozen=True, kw_only=True):
    name: str
    version: str
    required: bool = False
    """True when ``requirements.txt`` names it."""


class InstallRequest(Struct, frozen=True, kw_only=True):
    """Body of ``POST /packages``: requirement specifiers such as ``polars>=1``; also written to requirements.txt."""

    requirements: list[str]


class PackageLookup(Struct, frozen=True, kw_only=True):
    """What installing a package by its name alone would bring. ``message`` says why there is none."""

    name: str
    version: str = ""
    message: str = ""


class IndexListing(StrEnum):
    """What is known of the package index's list of names."""

    READY = "ready"
    READING = "reading"
    UNREAD = "unread"
    """Nobody has asked for it yet: it is large."""
    ABSENT = "absent"
    """The index has no list, or cannot be reached."""


class PackageMatch(Struct, frozen=True, kw_only=True):
    """A package whose name has what was looked for. ``version`` is empty where only the index knows it."""

    name: str
    version: str = ""
    offline: bool = False
    """True when it installs without a network."""


class PackageSearch(Struct, frozen=True, kw_only=True):
    """Answer of ``GET /packages/search``: the best matches first. ``message`` says why the index's list is absent."""

    matches: list[PackageMatch] = field(default_factory=list[PackageMatch])
    listing: IndexListing = IndexListing.UNREAD
    message: str = ""
