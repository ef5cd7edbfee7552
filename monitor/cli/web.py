"""`nianbao web`: the staff pages, and the passwords of those who sign in."""

import sys

import click

from monitor.cli.common import Command, Context, Group, collect_again, echo_json, pass_context, tell


@click.group(cls=Group, invoke_without_command=True)
@click.option("--listen", metavar="HOST:PORT", help="Listen there instead of at web.listen of nianbao.toml.")
@click.pass_context
def web(ctx: click.Context, listen: str | None) -> None:
    """The staff pages alone, for a browser; the record is only read.

    They listen on this machine at 127.0.0.1:8766, unless [web] of nianbao.toml says otherwise; for others to reach them,
    somebody must be able to sign in. Ends on SIGTERM and Ctrl-C.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(show_pages, listen=listen)


@pass_context
def show_pages(context: Context, listen: str | None) -> None:
    """What `nianbao web` does."""
    import msgspec

    from monitor.settings_web import check_web
    from monitor.web.server import serve  # with its libraries: only the pages pay for them

    collect_again()
    home, settings = context.home, context.home.settings()
    home.create()
    if listen:
        settings = msgspec.structs.replace(settings, web=msgspec.structs.replace(settings.web, listen=listen))
        try:
            check_web(settings.web)
        except ValueError as error:
            raise click.UsageError(str(error).replace("web.listen", "--listen")) from None
    serve(home, settings, context.clock, lambda address: tell(f"staff pages at {address}", err=True))


@web.command(cls=Command)
@pass_context
def password(context: Context) -> None:
    """A line for [[web.user]] of nianbao.toml: the hash of a password that is asked for, or read from a pipe."""
    from monitor.web.passwords import hashed

    if sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if len(given) < 8:
        raise click.UsageError("a password has at least 8 characters; choose a longer one")
    line = hashed(given)
    if context.json:
        echo_json({"password": line})
    else:
        click.echo(f'password = "{line}"')
