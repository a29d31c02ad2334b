"""Commands about who may listen."""

from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from antiphon import wiring
from antiphon.terminal import console

if TYPE_CHECKING:
    from antiphon.store import Store


@click.group()
def user() -> None:
    """Add, list, change and remove accounts."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="May do everything.")
@click.password_option(help="Asked for when not given.")
def user_add(name: str, admin: bool, password: str) -> None:
    """Make an account."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    added = users.add(_store(), name, password, "admin" if admin else "listener")
    console.print(f"{added.name} may log in now.", markup=False)


@user.command("list")
def user_list() -> None:
    """Show who there is."""
    from antiphon.store.schema import USERS  # noqa: PLC0415 - a command loads what it needs

    table = Table("name", "role", "")
    for one in _store().find(USERS):
        table.add_row(Text(one.name), one.role, "simulated, cannot log in" if one.synthetic else "")
    console.print(table)


@user.command("passwd")
@click.argument("name")
@click.password_option(help="Asked for when not given.")
def user_passwd(name: str, password: str) -> None:
    """Change a password; every session opened with the old one ends."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    users.set_password(_store(), name, password)
    console.print("The password is changed.")


@user.command("remove")
@click.argument("name")
@click.confirmation_option(prompt="Remove the account with its history, likes and playlists?")
def user_remove(name: str) -> None:
    """Remove an account with everything that is only theirs."""
    from antiphon.ops import users  # noqa: PLC0415 - a command loads what it needs

    services = wiring.open_services()
    services.log.forget(users.remove(services.store, name).id)
    console.print("The account is removed.")


def _store() -> "Store":
    return wiring.open_services().store
