"""What the cases about Traefik's versions share: set-ups that are applied once, and what each version made of them."""
