"""A chip as it would be drawn: its floorplan, a tile and an array to scale, fabric and links, every part's area."""

from archsim.report.blueprint.document import blueprint_document

__all__ = ["blueprint_document"]
