"""The project's Python environment and its packages."""

from typing import Final

from control_plane.api.operation import Operation
from control_plane.api.passing import passed
from control_plane.domain.access import Policy
from sandbox_image.wire.environment import InstallRequest, Package, PackageLookup, PackageSearch, VenvStatus

TAG: Final = "environment"
PROJECT: Final = "/api/project/{project_id}"

OPERATIONS: Final[list[Operation]] = [
    passed(
        "get_venv_status",
        "GET",
        PROJECT + "/venv-status",
        "/environment",
        Policy.VIEW,
        TAG,
        "Tell how far the environment is",
        touches=False,
        answer=VenvStatus,
    ),
    passed(
        "get_environment",
        "GET",
        PROJECT + "/environment",
        "/environment",
        Policy.VIEW,
        TAG,
        "Describe the environment",
        touches=False,
        answer=VenvStatus,
    ),
    passed(
        "recreate_environment",
        "POST",
        PROJECT + "/environment/recreate",
        "/environment/recreate",
        Policy.EDIT,
        TAG,
        "Make the environment anew",
        answer=VenvStatus,
        status=202,
    ),
    passed(
        "install_requirements",
        "POST",
        PROJECT + "/environment/install",
        "/environment/install",
        Policy.EDIT,
        TAG,
        "Install what requirements.txt asks for",
        answer=VenvStatus,
        status=202,
        description="For when `outdated` is true. What it asks for no longer stays until the environment is made anew.",
    ),
    passed(
        "list_packages",
        "GET",
        PROJECT + "/packages",
        "/packages",
        Policy.VIEW,
        TAG,
        "List installed packages",
        answer=list[Package],
    ),
    passed(
        "list_available_packages",
        "GET",
        PROJECT + "/packages/available",
        "/packages/available",
        Policy.VIEW,
        TAG,
        "List packages that can be installed without a network",
        answer=list[Package],
    ),
    passed(
        "search_packages",
        "GET",
        PROJECT + "/packages/search",
        "/packages/search",
        Policy.EDIT,
        TAG,
        "Search packages by a part of their name",
        query=("text", "read"),
        description="What installs without a network comes first. With `read=true` the sandbox reads the index's list of names"
        " where it is missing or older than a day; `listing` says how far that is.",
        answer=PackageSearch,
    ),
    passed(
        "look_up_package",
        "GET",
        PROJECT + "/packages/{name}/lookup",
        "/packages/{name}/lookup",
        Policy.EDIT,
        TAG,
        "Ask the package index for one package by its name",
        description="The version that installing it would bring; without one, `message` says why.",
        timeout_sec=90.0,
        answer=PackageLookup,
    ),
    passed(
        "install_packages",
        "POST",
        PROJECT + "/packages",
        "/packages",
        Policy.EDIT,
        TAG,
        "Install packages",
        body=InstallRequest,
        example={"requirements": ["polars>=1"]},
        answer=VenvStatus,
        status=202,
        description="Progress comes as `venv` events, and by `venv-status`.",
    ),
    passed(
        "uninstall_package",
        "DELETE",
        PROJECT + "/packages/{name}",
        "/packages/{name}",
        Policy.EDIT,
        TAG,
        "Remove a package",
        answer=VenvStatus,
        status=202,
    ),
]
