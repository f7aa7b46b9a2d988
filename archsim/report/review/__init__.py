"""A run as a report that can be put before a review: every figure with what it is made of and why it is so."""

from archsim.report.review.document import Review, review_document

__all__ = ["Review", "review_document"]
