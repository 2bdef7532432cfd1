"""The command line, run in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from detector.cli import main


def run(*arguments: object, stdin: str | bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """Run ``detector ARGUMENTS``; whatever happens, it ends with a status and not with an exception."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result
