"""Digital logic: units, what stands behind converters, clock trees and control."""
