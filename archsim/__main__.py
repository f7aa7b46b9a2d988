"""``python -m archsim`` and ``archsim``: the command line, which Ctrl-C ends quietly even while it is being loaded."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from archsim.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
