"""End-to-end tests: mtlsgen's output in the hands of the real programs that read it."""
