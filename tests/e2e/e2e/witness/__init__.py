"""Requests by which mtlsgen shows that manifests are spoilt, made of a real controller."""
