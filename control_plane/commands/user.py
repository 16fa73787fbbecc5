"""``aimforge user``: accounts from the command line. It works while servers run: they see a change within two seconds."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from control_plane.commands.serve import UNUSABLE, load_settings
from control_plane.domain.errors import AimforgeError
from control_plane.domain.people import Role

if TYPE_CHECKING:
    from control_plane.services.people.accounts import Accounts

R = TypeVar("R")
app = typer.Typer(
    help="Accounts of a deployment in hosted mode.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Login = Annotated[str, typer.Argument(help="Login or e-mail address.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the person is.")] = Role.STUDENT,
    name: Annotated[str, typer.Option(help="Name that others see. Empty: the login.")] = "",
    *,
    password_stdin: FromStdin = False,
    no_password: Annotated[bool, typer.Option(help="Only the identity provider leads to the account.")] = False,
) -> None:
    """Make an account. Asks for its password."""
    password = None if no_password else ask_password(from_stdin=password_stdin)
    account = work(lambda accounts: accounts.create(login, name, role, password=password))
    print(f"{account.login} is {account.role} here now.")


@app.command("list")
def show() -> None:
    """List all accounts."""

    async def read(accounts: "Accounts") -> list[str]:
        return [f"{a.login}\t{a.role}\t{'disabled' if a.disabled else 'enabled'}\t{a.name}" for a in accounts.all()]

    for line in work(read):
        print(line)


@app.command()
def disable(login: Login) -> None:
    """Keep a person out; their sessions, tokens and sockets end."""
    _change(login, disabled=True)


@app.command()
def enable(login: Login) -> None:
    """Let a person in again."""
    _change(login, disabled=False)


@app.command()
def role(login: Login, to: Annotated[Role, typer.Argument(help="What the person shall be.")]) -> None:
    """Change what a person is."""
    _change(login, role=to)


@app.command()
def password(login: Login, *, password_stdin: FromStdin = False) -> None:
    """Set a person's password; their sessions end."""
    new = ask_password(from_stdin=password_stdin)

    async def change(accounts: "Accounts") -> None:
        await accounts.set_password(accounts.find(login).id, new)

    work(change)
    print(f"The password of {login} is set.")


def ask_password(*, from_stdin: bool) -> str:
    """Ask for a password; it is never an argument, which others could read in the list of processes."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return typer.prompt("Password", hide_input=True, confirmation_prompt=True)


def _change(login: str, *, role: Role | None = None, disabled: bool | None = None) -> None:
    async def change(accounts: "Accounts") -> str:
        account = await accounts.change(accounts.find(login).id, role=role, disabled=disabled)
        return f"{account.login} is {account.role} and {'disabled' if account.disabled else 'enabled'}."

    print(work(change))


def work(do: Callable[["Accounts"], Awaitable[R]]) -> R:
    """Do something with the accounts of the database that the settings name. A fault ends with one sentence."""
    try:
        return asyncio.run(_with_accounts(do))
    except AimforgeError as error:
        print(f"aimforge: {error.message}", file=sys.stderr)
        sys.exit(UNUSABLE)


async def _with_accounts(do: Callable[["Accounts"], Awaitable[R]]) -> R:
    from control_plane.adapters.clock import SystemClock
    from control_plane.adapters.database.identity_store import DatabaseAuditStore, DatabaseIdentityStore
    from control_plane.adapters.database.opening import open_database, prepare_database
    from control_plane.adapters.passwords import Argon2Passwords
    from control_plane.services.audit import AuditLog
    from control_plane.services.people.accounts import Accounts
    from control_plane.services.people.directory import Directory

    settings = load_settings()
    await asyncio.to_thread(prepare_database, settings.database)
    database = open_database(settings.database)
    clock = SystemClock()
    audit = AuditLog(DatabaseAuditStore(database), clock)
    try:
        directory = Directory(DatabaseIdentityStore(database), clock)
        await directory.load()
        passwords = Argon2Passwords(settings.argon2_memory_kib, settings.argon2_passes)
        done = await do(Accounts(directory, passwords, audit, clock))
        await audit.flush()
    finally:
        await database.close()
    return done
