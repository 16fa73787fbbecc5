"""Part of the composition root: which settings are in force, and where each comes from."""

from dataclasses import replace
from typing import Final

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from control_plane.domain.setting import SettingInForce, SettingSource, written
from control_plane.domain.unenforced import Unenforced
from control_plane.settings import Settings

MASKED: Final = frozenset({"database_url"})
"""Secret in part: shown without credentials. Any other field that is not in ``repr`` is secret as a whole."""
KEPT: Final = {"token": "token", "agent_secret": "secret"}
"""Settings that are made at the first start when they are empty, and the files of the data directory that keep them."""


KEPT_BY_ENGINE: Final = {
    Unenforced.MEMORY: ("memory", "max_memory"),
    Unenforced.CPUS: ("cpus", "max_cpus"),
    Unenforced.PIDS: ("pids", "max_pids"),
    Unenforced.PAUSE: ("idle_pause_sec",),
}
KEPT_BY_QUOTA: Final = ("disk", "max_disk")


def settings_in_force(settings: Settings, unenforced: frozenset[Unenforced] = frozenset()) -> list[SettingInForce]:
    """Describe every setting, in the order of ``docs/settings.md``'s sections; no secret is in the answer.

    ``unenforced`` is what the engine cannot do.
    """
    idle = {name for each in unenforced for name in KEPT_BY_ENGINE[each]}
    if not settings.disk_quota:
        idle.update(KEPT_BY_QUOTA)
    return [
        replace(describe(settings, name, field), enforced=name not in idle)
        for name, field in Settings.model_fields.items()
    ]


def describe(settings: Settings, name: str, field: FieldInfo) -> SettingInForce:
    """Describe one setting."""
    value, default = getattr(settings, name), field.get_default(call_default_factory=True)
    secret = not field.repr and name not in MASKED
    source = SettingSource.ENVIRONMENT if name in settings.model_fields_set else SettingSource.DEFAULT
    is_set = bool(value)
    if name in KEPT and not value and (settings.data_dir / KEPT[name]).exists():
        source, is_set = SettingSource.FILE, True
    return SettingInForce(
        name=variable_of(name, field),
        value=("set" if is_set else "") if secret else written(value),
        default="" if secret else written(default),
        source=source,
        secret=secret,
        description=field.description or "",
    )


def variable_of(name: str, field: FieldInfo) -> str:
    """Return the environment variable that sets a field; of several, ours."""
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"AIMFORGE_{name.upper()}"
