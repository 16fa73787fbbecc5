from pathlib import Path

import pytest

from sandbox_image.agent.usage import UsageReader
from sandbox_image.wire.agent import Usage

VERSION_2 = {
    "cgroup.controllers": "cpu memory pids",
    "memory.current": "5000\n",
    "memory.max": "10000\n",
    "memory.stat": "anon 1\ninactive_file 1000\n",
    "pids.current": "7\n",
    "pids.max": "max\n",
    "cpu.stat": "usage_usec 1000\nuser_usec 5\n",
    "cpu.max": "150000 100000\n",
}
VERSION_1 = {
    "memory/memory.usage_in_bytes": "5000\n",
    "memory/memory.limit_in_bytes": "10000\n",
    "memory/memory.stat": "inactive_file 5\ntotal_inactive_file 1000\n",
    "pids/pids.current": "7\n",
    "pids/pids.max": "9223372036854771712\n",
    "cpuacct/cpuacct.usage": "1000000\n",
    "cpu/cpu.cfs_quota_us": "150000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
}


def test_both_versions_of_control_groups_tell_the_same(tmp_path: Path):
    readings: list[tuple[float, ...]] = []
    for name, files in (("v2", VERSION_2), ("v1", VERSION_1)):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
        usage = UsageReader(tmp_path, tmp_path / name).read()
        readings.append(
            (usage.memory, usage.memory_limit, usage.processes, usage.process_limit, usage.cpu_limit, usage.cpu)
        )
    assert readings == [(4000, 10000, 7, 0, 1.5, 0.0)] * 2


def test_without_control_groups_nothing_of_the_machine_is_taken_for_the_sandbox(tmp_path: Path):
    assert UsageReader(tmp_path, tmp_path / "missing").read() == Usage()


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2], ids=["v1", "v2"])
def test_a_group_without_limits_is_not_the_sandboxs_own(tmp_path: Path, files: dict[str, str]):
    unlimited = {
        "memory.max": "max\n",
        "cpu.max": "max 100000\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "cpu/cpu.cfs_quota_us": "-1\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(unlimited.get(path, text))
    usage = UsageReader(tmp_path, tmp_path).read()
    assert (usage.memory, usage.memory_limit, usage.cpu, usage.cpu_limit, usage.processes) == (0, 0, 0.0, 0.0, 7)


@pytest.mark.parametrize(
    ("mounts", "known"),
    [
        ("90 80 7:3 / {} rw,nosuid - ext4 /dev/loop3 rw\n", True),
        ("90 80 8:1 /var/lib/docker/volumes/prices/_data {} rw - ext4 /dev/sda1 rw\n", False),
        ("90 80 0:9 / {} rw - 9p none rw\n", False),
        ("90 80 7:3 / {}/elsewhere rw - ext4 /dev/loop3 rw\n", False),
        ("90 80 7:3 / {0} rw - ext4 /dev/loop3 rw\n91 90 8:1 /shared {0} rw - ext4 /dev/sda1 rw\n", False),
        ("nonsense\n\n", False),
    ],
    ids=["quota", "volume", "a kernel of its own", "another folder", "covered", "nonsense"],
)
def test_the_disk_is_known_where_the_workspace_is_one_of_its_own(tmp_path: Path, mounts: str, known: bool):
    (tmp_path / "mountinfo").write_text(mounts.format(tmp_path))
    usage = UsageReader(tmp_path, tmp_path / "missing", tmp_path / "mountinfo").read()
    assert (usage.disk > 0, usage.disk_limit > usage.disk) == (known, known)
