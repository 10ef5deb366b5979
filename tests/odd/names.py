"""Authorities with names that differ from those of their issuers, or that name constraints forbid."""

from __future__ import annotations

import der
from odd import (
    DIRECTORY,
    KEY_ID,
    Odd,
    aki_of,
    excluding,
    with_issuer,
)

NAMES = (
    Odd("name-in-other-case", change=with_issuer(der.name("NAME-in-other-CASE"))),
    Odd("name-of-other-type", change=with_issuer(der.name_of(0x13, b"name-of-other-type"))),
    Odd("name-of-other-blanks", change=with_issuer(der.name(" name-of-other-blanks  "))),
    Odd(
        "aki-in-other-case",
        {"authorityKeyIdentifier": None, KEY_ID: aki_of("AKI-in-other-case", b"\x05")},
        serial="5",
    ),
    Odd("between-name-in-other-case", between={}, between_change=with_issuer(der.name("BETWEEN-name-in-other-case"))),
    Odd(
        "between-name-of-other-type",
        between={},
        between_change=with_issuer(der.name_of(0x16, b"between-name-of-other-type ")),
    ),
    Odd(
        "between-name-in-bmp",
        between={},
        between_change=with_issuer(der.name_of(0x1E, "between-name-in-bmp".encode("utf-16-be"))),
    ),
    Odd(
        "between-aki-in-other-case",
        between={"authorityKeyIdentifier": None, KEY_ID: aki_of("BETWEEN-aki-in-other-case", b"\x05")},
        serial="5",
    ),
    Odd("between-outside-directory", {"nameConstraints": f"permitted;{DIRECTORY}"}, between={}),
    Odd(
        "between-excluded-directory",
        {"nameConstraints": excluding("between-excluded-directory-between")},
        between={},
    ),
    Odd(
        "between-outside-dns",
        {"nameConstraints": "permitted;DNS:a.example"},
        between={"subjectAltName": "DNS:b.example"},
    ),
    Odd(
        "between-inside-dns",
        {"nameConstraints": "permitted;DNS:a.example"},
        between={"subjectAltName": "DNS:b.a.example"},
    ),
    Odd(
        "between-excluded-dns",
        {"nameConstraints": "excluded;DNS:a.example"},
        between={"subjectAltName": "DNS:a.example"},
    ),
    Odd(
        "between-outside-email",
        {"nameConstraints": "permitted;email:a.example"},
        between={"subjectAltName": "email:a@b.example"},
    ),
    Odd(
        "between-outside-address",
        {"nameConstraints": "permitted;IP:10.0.0.0/255.0.0.0"},
        between={"subjectAltName": "IP:11.0.0.1"},
    ),
    Odd(
        "between-outside-uri",
        {"nameConstraints": "permitted;URI:a.example"},
        between={"subjectAltName": "URI:http://b.example"},
    ),
    Odd(
        "between-uri-without-host",
        {"nameConstraints": "permitted;URI:a.example"},
        between={"subjectAltName": "URI:urn:a"},
    ),
    Odd("between-outside-ids", {"nameConstraints": "permitted;RID:1.2.3.4"}, between={"subjectAltName": "RID:1.2.3.4"}),
    Odd(
        "between-other-name",
        {"nameConstraints": "permitted;otherName:1.2.3.4;UTF8:x"},
        between={"subjectAltName": "otherName:1.2.3.4;UTF8:x"},
    ),
    Odd(
        "between-other-name-of-another-kind",
        {"nameConstraints": "permitted;otherName:1.2.3.4;UTF8:x"},
        between={"subjectAltName": "otherName:1.2.3.5;UTF8:x"},
    ),
    Odd(
        "between-self-issued-outside",
        {"nameConstraints": excluding("between-self-issued-outside")},
        between={},
        same_name=True,
    ),
    Odd("client-outside-directory", {"nameConstraints": f"permitted;{DIRECTORY}"}),
)
