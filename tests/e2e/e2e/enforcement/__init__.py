"""What the cases about enforcement share: one scene of many hosts, applied once, and what answers mean."""
