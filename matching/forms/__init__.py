"""Forms of the matching app: what people type, turned into the arguments of services."""
