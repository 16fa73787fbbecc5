"""The settings about courses: part of ``settings.Settings``."""

from pydantic import Field
from pydantic_settings import BaseSettings


class CourseSettings(BaseSettings):
    """How much is handed in, and how hidden tests are run."""

    max_archive_mb: int = Field(
        default=64,
        ge=1,
        le=2048,
        description="MiB of a project, packed, that an assignment or a submission may have: they are kept in the database.",
    )
    tests_at_once: int = Field(
        default=4, ge=1, le=1000, description="Submissions that hidden tests are run on at the same time."
    )
    test_timeout_sec: float = Field(
        default=30,
        gt=0,
        le=86400,
        description="Time that hidden tests give each node, of the submission's and of their own, that has no limit itself.",
    )
    tests_max_sec: float = Field(
        default=600, gt=0, le=86400, description="Time after which the hidden tests of one submission are given up."
    )
