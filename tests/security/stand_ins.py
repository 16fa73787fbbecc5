"""Hosts that stand in for the internet's: servers of this process on loopback, with a certificate authority of their own.

The server of a test finds them by name in a mount namespace of its own, which has its own ``/etc/hosts``.
"""

import http.server
import io
import json
import shutil
import ssl
import subprocess
import tarfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ALLOWED: Final = "allowed.stand-in.example"
OTHER: Final = "other.stand-in.example"
MEGABYTES: Final = 4


@dataclass(frozen=True)
class StandIns:
    """Both names lead to one server, over TLS at ``port`` and without at ``plain_port``."""

    port: int
    plain_port: int
    authority: str
    hosts: Path
    asked: list[str]

    def url(self, name: str = ALLOWED) -> str:
        return f"https://{name}:{self.port}"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, ``/redirect`` to the other name, and ``/endless``, which sends until it is left."""

    protocol_version = "HTTP/1.0"
    asked: list[str]
    ports: tuple[int, int]

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['host'].partition(':')[0]}{self.path}")
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("location", f"https://{OTHER}:{self.ports[0]}/file")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 1000)
                    threading.Event().wait(0.02)
            except OSError:
                return
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
        pass


def authority(folder: Path) -> tuple[str, Path]:
    """Return a certificate authority as text, and a file with key and certificate of a server that it vouches for."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stand-in authority")])

    def certificate(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )

    own = certificate(ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    names = x509.SubjectAlternativeName([x509.DNSName(ALLOWED), x509.DNSName(OTHER)])
    served = certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ALLOWED)]), key.public_key()).add_extension(
        names, critical=False
    )
    pem = serialization.Encoding.PEM
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + served.sign(ca_key, hashes.SHA256()).public_bytes(pem)
    )
    return own.sign(ca_key, hashes.SHA256()).public_bytes(pem).decode(), file


def fill(folder: Path, url: str) -> None:
    """Write what is served: a file, a repository, a package of a registry, and npm itself where this machine has one."""
    (folder / "file").write_text("from afar")
    (folder / "large").write_bytes(b"\0" * (MEGABYTES * 1024 * 1024))
    work = folder / "work"
    work.mkdir()
    (work / "read.me").write_text("cloned")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@stand-in.example")
    for command in (
        ("git", "init", "-q", "-b", "main", "."),
        ("git", "add", "read.me"),
        ("git", *identity, "commit", "-q", "-m", "One"),
        ("git", "clone", "-q", "--bare", ".", str(folder / "repository.git")),
        ("git", "--git-dir", str(folder / "repository.git"), "update-server-info"),
    ):
        subprocess.run(command, cwd=work, check=True, capture_output=True)
    package = {"name": "far-away", "version": "1.0.0", "main": "index.js"}
    with tarfile.open(folder / "far-away-1.0.0.tgz", "w:gz") as archive:
        for name, text in (("package.json", json.dumps(package)), ("index.js", "module.exports = 'from afar'\n")):
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    dist = {"tarball": f"{url}/far-away-1.0.0.tgz"}
    described = {"name": "far-away", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": package | {"dist": dist}}}
    (folder / "far-away").write_text(json.dumps(described))
    if npm := npm_folder():
        with tarfile.open(folder / "npm.tgz", "w:gz", compresslevel=1) as archive:
            archive.add(npm, "npm")


def npm_folder() -> Path | None:
    """Where this machine has npm; it is JavaScript alone, and runs on the sandbox's own Node."""
    found = shutil.which("npm")
    folder = Path(found).resolve().parents[1] if found else None
    return folder if folder is not None and (folder / "bin" / "npm-cli.js").exists() else None


@contextmanager
def stand_ins(folder: Path) -> Generator[StandIns]:
    """Serve."""
    served = folder / "served"
    served.mkdir()
    ca, certificate = authority(folder)
    asked: list[str] = []

    class Bound(Handler):
        ports = (0, 0)

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, directory=str(served), **more)

    Bound.asked = asked
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bound) as secure,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bound) as plain,
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        Bound.ports = (secure.server_port, plain.server_port)
        hosts = folder / "hosts"
        hosts.write_text(f"{Path('/etc/hosts').read_text()}\n127.0.0.1 {ALLOWED} {OTHER}\n")
        there = StandIns(secure.server_port, plain.server_port, ca, hosts, asked)
        fill(served, there.url())
        for server in (secure, plain):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield there
        for server in (secure, plain):
            server.shutdown()
