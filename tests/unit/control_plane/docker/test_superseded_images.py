from typing import Any

from control_plane.adapters.docker.image import KEPT_FOR_SEC, superseded

STAGE = {"org.aimforge.stage": "tools"}


def image(name: str, age: float, *tags: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    return {"Id": name, "Created": 1e9 - age, "RepoTags": list(tags) or None, "Labels": labels}


def test_what_is_old_and_used_by_nobody_goes_and_nothing_else():
    old = KEPT_FOR_SEC + 1
    images = [
        image("new", 0, "aimforge-sandbox:new", "aimforge-sandbox:latest"),
        image("young", KEPT_FOR_SEC - 1, "aimforge-sandbox:young"),
        image("old", old, "aimforge-sandbox:old", "aimforge-sandbox:same"),
        image("used", old, "aimforge-sandbox:used", "aimforge-sandbox:again"),
        image("current", old, "aimforge-sandbox:current"),
        image("foreign", old, "debian:12"),
        image("stage", old, labels=STAGE),
        image("older stage", 2 * old, labels=STAGE),
    ]
    assert superseded(images, {"used"}, "aimforge-sandbox:current") == [
        "aimforge-sandbox:old",
        "aimforge-sandbox:same",
        "older stage",
    ]
    assert superseded([], set(), "aimforge-sandbox:current") == []
