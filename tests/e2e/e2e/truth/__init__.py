"""What `mtlsgen access` says, before a real controller."""
