"""Converters of the columns, and the sample-and-holds before them."""
