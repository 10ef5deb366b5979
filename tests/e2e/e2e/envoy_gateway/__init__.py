"""Objects that Envoy Gateway reads."""
