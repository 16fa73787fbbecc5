import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_plane.adapters.docker.naming import container_name, labels, slug, volume_name

ENGINE_ACCEPTS = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


@given(st.text(max_size=200))
def test_every_id_gives_a_name_that_the_engine_accepts(project_id: str) -> None:
    for name in (container_name("local", project_id, 3), volume_name("local", project_id)):
        assert ENGINE_ACCEPTS.fullmatch(name)
        assert ".." not in name
        assert len(name) < 200


@given(st.text(max_size=60), st.text(max_size=60))
def test_two_ids_never_share_a_name(first: str, second: str) -> None:
    assert (slug(first) == slug(second)) == (first == second)


def test_a_harmless_id_stays_readable() -> None:
    assert container_name("local", "prices-2", 3) == "aimforge-local-prices-2-3"


@pytest.mark.parametrize("hostile", ["../etc", "a/b", "a\0b", "A", "", "x-0f", "a..b", "a" * 49])
def test_a_hostile_id_becomes_a_digest(hostile: str) -> None:
    assert re.fullmatch(r"x-[0-9a-f]{40}", slug(hostile))


def test_only_containers_carry_a_generation() -> None:
    assert labels("local", "prices") == {"org.aimforge.deployment": "local", "org.aimforge.project": "prices"}
    assert labels("local", "prices", 3)["org.aimforge.generation"] == "3"
