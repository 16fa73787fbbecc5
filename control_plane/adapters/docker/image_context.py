"""What the sandbox image is made of: its inputs, their digest (which is the image's tag), and the build context.

Only ``sandbox_image/``, the locks of what it needs, and this host's way to a package index enter the context.
"""

import configparser
import hashlib
import io
import os
import shlex
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[3]
"""Where ``Dockerfile.sandbox``, ``requirements/`` and ``sandbox_image/`` lie."""
DOCKERFILE: Final = "Dockerfile.sandbox"
LOCKS: Final = ("agent", "sandbox", "wheelhouse")
PYTHON_SERVERS: Final = ("basedpyright", "ty")
"""Python language servers that are in an image only when it is built for them; pyright always is."""
CA_BUNDLES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")

INDEX_VARIABLES: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
"""Variables of the host that say where its packages come from. They stay in a stage that is thrown away."""
PROXY_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Build arguments that every engine knows, and keeps out of the image's history."""


def inputs(root: Path = ROOT, python_server: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of every source file that enters the image, in a fixed order.

    ``python_server`` is one of ``PYTHON_SERVERS``, or empty.
    """
    yield DOCKERFILE, (root / DOCKERFILE).read_bytes()
    for lock in LOCKS:
        name = f"requirements/{lock}.lock"
        yield name, (root / name).read_bytes()
    if python_server:
        yield "requirements/python-lsp.lock", (root / f"requirements/{python_server}.lock").read_bytes()
    for path in sorted((root / "sandbox_image").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def python_server(environment: Mapping[str, str] = os.environ) -> str:
    """Return which of ``PYTHON_SERVERS`` this deployment wants, by the setting ``python_lsp``; empty for pyright."""
    wanted = environment.get("AIMFORGE_PYTHON_LSP") or environment.get("PYTHON_LSP") or ""
    return wanted if wanted in PYTHON_SERVERS else ""


def ca_bundle(environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the certificates that this host trusts; empty when it has none. A private mirror's own are among them."""
    for name in (environment.get("SSL_CERT_FILE", ""), *CA_BUNDLES):
        if name and Path(name).is_file():
            return Path(name).read_bytes()
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContext:
    """All inputs as they were at one moment, so that what is built is what its name says."""

    files: Mapping[str, bytes]
    certificates: bytes
    environment: str

    @classmethod
    def read(cls, root: Path = ROOT) -> Self:
        """Read the source tree and this host's settings."""
        return cls(files=dict(inputs(root, python_server())), certificates=ca_bundle(), environment=host_environment())

    def digest(self, base: str) -> str:
        """Return the digest of all inputs: 16 hex digits. ``base`` says what the image is built from.

        How the host reaches an index is left out: it does not change what is installed, for that is pinned by hash.
        """
        state = hashlib.sha256(base.encode())
        for name, content in (*self.files.items(), ("", self.certificates)):
            state.update(f"\0{name}\0{len(content)}\0".encode())
            state.update(content)
        return state.hexdigest()[:16]

    def archive(self) -> io.BytesIO:
        """Return the build context as a tar. Times and owners are fixed, so equal inputs hit the build cache."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, content in self.files.items():
                _add(archive, name, content)
            _add(archive, "host/ca.crt", self.certificates)
            _add(archive, "host/environment", self.environment.encode())
        stream.seek(0)
        return stream


def host_environment(environment: Mapping[str, str] = os.environ, home: Path | None = None) -> str:
    """Return shell lines that export this host's package indexes, from its variables and pip's files."""
    found = {name: environment[name] for name in INDEX_VARIABLES if environment.get(name)}
    for option, value in _pip_options(environment, home or Path.home()):
        found.setdefault(f"PIP_{option.upper().replace('-', '_')}", value)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(found.items()) if _reachable(value)]
    if ca_bundle(environment):
        variables = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        lines += [f"export {name}=/etc/ssl/certs/ca-certificates.crt" for name in variables]
    return "".join(f"{line}\n" for line in lines) or ":\n"


def proxies(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return this host's proxies, as build arguments."""
    return {name: environment[name] for name in PROXY_VARIABLES if environment.get(name)}


def _pip_options(environment: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    files = (
        environment.get("PIP_CONFIG_FILE", ""),
        "/etc/pip.conf",
        home / ".config/pip/pip.conf",
        home / ".pip/pip.conf",
    )
    for file in reversed([name for name in files if name]):
        parser = configparser.RawConfigParser()
        parser.read(file)
        for option in ("index-url", "extra-index-url", "trusted-host"):
            if parser.has_option("global", option):
                yield option, " ".join(parser.get("global", option).split())


def _reachable(value: str) -> bool:
    """A folder of this host means nothing inside a build."""
    return not value.startswith("file:")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o644
    archive.addfile(entry, io.BytesIO(content))
