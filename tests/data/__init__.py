"""The committed data: well-formed bundles, values that are true to their sources, and what the sample shows."""
