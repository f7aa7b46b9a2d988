"""The command line; the only place that prints."""

from archsim.cli.app import application, main

__all__ = ["application", "main"]
