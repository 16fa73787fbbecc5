"""The dashboard asks for figures that there are."""

import json
import re
from pathlib import Path

from control_plane.services.metrics import Metrics

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboard.json"


def test_every_figure_of_the_dashboard_exists():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = {name for panel in panels for t in panel["targets"] for name in re.findall(r"aimforge_\w+", t["expr"])}
    told = set(re.findall(r"^# TYPE (\w+)", Metrics().text({}, {}), re.MULTILINE))
    assert {name.removesuffix("_bucket") for name in asked} == told
