"""A Document as one self-contained HTML file: for a screen of any width, in the dark, and on paper."""

from archsim.report.html.page import html

__all__ = ["html"]
