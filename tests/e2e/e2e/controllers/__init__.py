"""Ingress controllers, started for the run and asked as clients ask them."""
