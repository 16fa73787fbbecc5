import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox_image.agent.bootstrap import BootstrapFailed, receive
from sandbox_image.agent.settings import AgentSettings, with_environment


def served(path: Path, send: Callable[[socket.socket], object]) -> threading.Thread:
    """Answer one connection at ``path``, then close it."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen(1)

    def work() -> None:
        with listening, listening.accept()[0] as connection:
            send(connection)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a socket's path has a hundred bytes at most
    return Path("boot.sock")


def test_the_listening_socket_comes_with_token_and_settings(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AIMFORGE_CPUS", "1.5")
    with socket.socket(socket.AF_UNIX) as handed:
        handed.bind("agent.sock")
        handed.listen()
        message = b'{"token": "t", "settings": {"lsp_max_restarts": 9, "from_the_future": true}}'
        thread = served(path, lambda connection: socket.send_fds(connection, [message], [handed.fileno()]))
        bootstrap = receive(str(path))
        thread.join()
    with bootstrap.listener as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect("agent.sock")
        assert listener.get_inheritable() is False
        listener.accept()[0].close()
    assert bootstrap.token == "t"
    assert bootstrap.settings == AgentSettings(lsp_max_restarts=9, cpus=1.5)


@pytest.mark.parametrize(
    ("message", "sockets", "why"),
    [
        (b'{"token": "t"}', 0, "handed over 0 sockets"),
        (b'{"token": "t"}', 2, "handed over 2 sockets"),
        (b"{", 1, "does not fit"),
        (b"{}", 1, "does not fit"),
        (b'{"token": "t", "settings": {"cpus": "many"}}', 1, "does not fit"),
    ],
)
def test_a_message_that_is_none_is_refused(path: Path, message: bytes, sockets: int, why: str):
    with socket.socket(socket.AF_UNIX) as handed:
        descriptors = [handed.fileno()] * sockets
        thread = served(path, lambda connection: socket.send_fds(connection, [message], descriptors))
        with pytest.raises(BootstrapFailed, match=why):
            receive(str(path))
        thread.join()


def test_nobody_at_the_socket_is_told(path: Path):
    with pytest.raises(BootstrapFailed, match=r"boot\.sock does not answer"):
        receive(str(path))


def test_the_environment_of_the_container_is_heard():
    settings = with_environment(
        AgentSettings(), {"AIMFORGE_TEMPLATE": "welcome", "AIMFORGE_CPUS": "no number", "AIMFORGE_PROJECT_NAME": "P"}
    )
    assert (settings.template, settings.project_name, settings.cpus) == ("welcome", "P", 0.0)
    assert settings.cores >= 1
