"""Files of a project's workspace."""

from typing import Final

from starlette.requests import Request

from control_plane.api.operation import BYTES, ZIP, Operation
from control_plane.api.passing import passed
from control_plane.domain.access import Policy
from sandbox_image.wire.files import Entry, Listing, NewFolder, Rename
from sandbox_image.wire.limits import MAX_CODE

TAG: Final = "files"
PROJECT: Final = "/api/project/{project_id}"


def saves_text(request: Request) -> bool:
    """Tell whether a file that is there is saved as an editor does it, or an empty one made: no more than could be typed."""
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return False
    return int(length) == 0 or ("if-match" in request.headers and int(length) <= MAX_CODE)


OPERATIONS: Final[list[Operation]] = [
    passed(
        "list_files",
        "GET",
        PROJECT + "/files",
        "/files",
        Policy.VIEW,
        TAG,
        "List a folder",
        query=("path",),
        answer=Listing,
    ),
    passed(
        "read_file",
        "GET",
        PROJECT + "/files/content",
        "/files/content",
        Policy.VIEW,
        TAG,
        "Download a file, or a range of it",
        stream=True,
        query=("path",),
        headers=("Range", "If-None-Match", "If-Range"),
        answer=BYTES,
    ),
    passed(
        "write_file",
        "PUT",
        PROJECT + "/files/content",
        "/files/content",
        Policy.EDIT,
        TAG,
        "Upload a file",
        description="`If-Match` or `If-None-Match: *` guard it; with neither, the file is replaced. "
        "While an exam of the caller's runs, only what an editor saves is taken.",
        stream=True,
        query=("path",),
        headers=("If-Match", "If-None-Match"),
        body=BYTES,
        harmless_in_exam=saves_text,
        answer=Entry,
    ),
    passed(
        "delete_file",
        "DELETE",
        PROJECT + "/files",
        "/files",
        Policy.EDIT,
        TAG,
        "Delete a file, or a folder with all in it",
        query=("path",),
        status=204,
    ),
    passed(
        "rename_file",
        "POST",
        PROJECT + "/files/rename",
        "/files/rename",
        Policy.EDIT,
        TAG,
        "Rename or move a file or folder",
        body=Rename,
        answer=Entry,
    ),
    passed(
        "make_folder",
        "POST",
        PROJECT + "/files/folder",
        "/files/folder",
        Policy.EDIT,
        TAG,
        "Make a folder",
        body=NewFolder,
        answer=Entry,
        status=201,
    ),
    passed(
        "download_folder",
        "GET",
        PROJECT + "/files/archive",
        "/files/archive",
        Policy.VIEW,
        TAG,
        "Download a folder as a zip",
        stream=True,
        query=("path",),
        answer=ZIP,
    ),
]
