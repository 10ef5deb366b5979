"""The hunt: generated doors behind a real controller, asked in every way, and judged by what their spec says."""
