"""Routers, wires and links between chips."""
