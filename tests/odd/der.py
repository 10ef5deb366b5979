"""DER, as far as it takes to change one thing in what openssl wrote."""

from __future__ import annotations

SEQUENCE = 0x30


def element(tag: int, *content: bytes) -> bytes:
    """One element."""
    octets = b"".join(content)
    size = len(octets)
    if size < 0x80:
        return bytes([tag, size]) + octets
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + octets


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of these elements."""
    return element(SEQUENCE, *parts)


def name(common_name: str) -> bytes:
    """A Name with one attribute, as openssl encodes it."""
    return name_of(0x0C, common_name.encode())


def name_of(tag: int, text: bytes) -> bytes:
    """A Name whose common name is of another string type."""
    return sequence(element(0x31, sequence(bytes.fromhex("0603550403"), element(tag, text))))


def inside(octets: bytes) -> list[bytes]:
    """The elements within one."""
    start, end = _content(octets)
    rest, found = octets[start:end], []
    while rest:
        _, size = _content(rest)
        found.append(rest[:size])
        rest = rest[size:]
    return found


def _content(octets: bytes) -> tuple[int, int]:
    length, start = octets[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(octets[2:start], "big")
    return start, start + length
