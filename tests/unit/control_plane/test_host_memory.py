"""The machine's memory, as the kernel tells it."""

from pathlib import Path

from control_plane.adapters.host_memory import LinuxHostMemory


def test_available_memory_is_read_in_bytes(tmp_path: Path):
    (tmp_path / "meminfo").write_text("MemTotal:  100 kB\nMemFree:  10 kB\nMemAvailable:   42 kB\n")
    assert LinuxHostMemory(tmp_path / "meminfo").available() == 42 * 1024
    (tmp_path / "old").write_text("MemTotal:  100 kB\n")
    assert LinuxHostMemory(tmp_path / "old").available() is None
    assert LinuxHostMemory(tmp_path / "none").available() is None
