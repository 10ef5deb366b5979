"""Signing requests, each signed in another way."""

from __future__ import annotations

from odd import PSS
from workshop import Workshop

#: Name, kind of key, hash function, options.
REQUESTS: tuple[tuple[str, str, str | None, tuple[str, ...]], ...] = (
    ("request-plain", "P-256", "sha256", ()),
    ("request-rsa-pss", "RSA", "sha256", PSS),
    ("request-rsa-pss-longest-salt", "RSA", "sha512", (PSS[0], "rsa_pss_saltlen:max")),
    ("request-rsa-pss-two-hashes", "RSA", "sha512", (*PSS, "rsa_mgf1_md:sha256")),
    ("request-rsa-pss-sha1", "RSA", "sha1", PSS),
    ("request-rsa-pss-sha224", "RSA", "sha224", PSS),
    ("request-rsa-pss-mask-of-sha1", "RSA", "sha256", (*PSS, "rsa_mgf1_md:sha1")),
    ("request-rsa-long-exponent", "RSA long exponent", "sha256", ()),
    ("request-rsa-md5", "RSA", "md5", ()),
    ("request-rsa-sha224", "RSA", "sha224", ()),
    ("request-rsa-sha512-256", "RSA", "sha512-256", ()),
    ("request-ecdsa-sha1", "P-256", "sha1", ()),
    ("request-ecdsa-sha224", "P-256", "sha224", ()),
    ("request-ecdsa-sha224-p-384", "P-384", "sha224", ()),
    ("request-ecdsa-sha3", "P-256", "sha3-256", ()),
    ("request-brainpool", "brainpool", "sha256", ()),
    ("request-ed448", "Ed448", None, ()),
    ("request-rsa-pss-key", "RSA-PSS", "sha256", ()),
)


def make(workshop: Workshop, name: str, key: str, digest: str | None, options: tuple[str, ...]) -> None:
    """Makes `name.csr`."""
    arguments = ["req", "-new", "-key", workshop.key(key), "-subj", "/CN=client", "-out", f"{name}.csr"]
    arguments += [f"-{digest}"] if digest else []
    arguments += [word for option in options for word in ("-sigopt", option)]
    workshop.openssl(*arguments)
