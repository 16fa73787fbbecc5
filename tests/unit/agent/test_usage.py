from pathlib import Path

from sandbox_image.agent.usage import UsageReader

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


def test_without_control_groups_only_the_disk_is_known(tmp_path: Path):
    usage = UsageReader(tmp_path, tmp_path / "missing").read()
    assert (usage.memory, usage.processes, usage.cpu_limit) == (0, 0, 0.0)
    assert usage.disk_limit >= usage.disk > 0
