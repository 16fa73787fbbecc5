"""Wheels made in a moment, so that a real uv can install them without a network."""

import zipfile
from pathlib import Path


def make_wheel(folder: Path, name: str, version: str = "1.0", requires: str = "", modules: int = 0) -> Path:
    """Write a wheel of one module that says its version, or of a package of many modules."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    files = [f"{name}/__init__.py", *(f"{name}/module{number}.py" for number in range(modules))]
    if not modules:
        files = [f"{name}.py"]
    with zipfile.ZipFile(path, "w") as wheel:
        for file in files:
            wheel.writestr(file, f"version = {version!r}\n")
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(
            f"{info}/RECORD",
            "".join(f"{file},,\n" for file in files) + f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        )
    return path
