#!/usr/bin/env python3
"""Computes once more, with nothing but Python's own library, what `vectors.json` says of a derived store:
HKDF, keys, public keys, serials, windows and deterministic signatures."""

import base64
import hashlib
import hmac
import json
import sys

VERSION = b"mtlsgen derived v1"


def hkdf(seed, fields, length):
    """RFC 5869 with SHA-256; each field is in `info` after its length."""
    key = hmac.new(VERSION, seed, hashlib.sha256).digest()
    info, output, block = joined(fields), b"", b""
    while len(output) < length:
        block = hmac.new(key, block + info + bytes([len(output) // 32 + 1]), hashlib.sha256).digest()
        output += block
    return output[:length]


def joined(fields):
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


class Curve:
    """A short Weierstrass curve with a = -3 (SEC 1, SEC 2)."""

    def __init__(self, octets, p, b, n, x, y, oid, digest):
        self.octets, self.p, self.b, self.n, self.oid, self.digest = octets, p, b, n, oid, digest
        self.base = (x, y)

    def add(self, one, other):
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2:
            if (y1 + y2) % self.p == 0:
                return None
            slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, number):
        point, result = self.base, None
        while number:
            if number & 1:
                result = self.add(result, point)
            point, number = self.add(point, point), number >> 1
        return result

    def public(self, secret):
        x, y = self.times(int.from_bytes(secret, "big"))
        point = b"\4" + x.to_bytes(self.octets, "big") + y.to_bytes(self.octets, "big")
        algorithm = tlv(0x30, bytes.fromhex("06072a8648ce3d0201") + self.oid)
        return tlv(0x30, algorithm + tlv(3, b"\0" + point))

    def sign(self, secret, message):
        """RFC 6979, section 3.2."""
        digest = hashlib.new(self.digest, message).digest()
        number = int.from_bytes(digest, "big") % self.n
        seed = secret + number.to_bytes(self.octets, "big")
        mac = lambda key, data: hmac.new(key, data, self.digest).digest()
        key, value = b"\0" * len(digest), b"\1" * len(digest)
        for octet in (b"\0", b"\1"):
            key = mac(key, value + octet + seed)
            value = mac(key, value)
        while True:
            value = mac(key, value)
            k = int.from_bytes(value[: self.octets], "big")
            if 0 < k < self.n:
                r = self.times(k)[0] % self.n
                s = pow(k, -1, self.n) * (number + r * int.from_bytes(secret, "big")) % self.n
                if r and s:
                    return tlv(0x30, integer(r) + integer(s))
            key = mac(key, value + b"\0")
            value = mac(key, value)

    def is_key(self, secret):
        return 0 < int.from_bytes(secret, "big") < self.n


class Edwards:
    """Ed25519 (RFC 8032, section 5.1)."""

    octets = 32
    p = 2**255 - 19
    q = 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, p) % p
    base = (
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960,
    )

    def add(self, one, other):
        (x1, y1), (x2, y2) = one, other
        product = self.d * x1 * x2 * y1 * y2
        x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, self.p) % self.p
        return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, self.p) % self.p

    def times(self, number):
        point, result = self.base, (0, 1)
        while number:
            if number & 1:
                result = self.add(result, point)
            point, number = self.add(point, point), number >> 1
        x, y = result
        return (y | (x & 1) << 255).to_bytes(32, "little")

    def expand(self, secret):
        octets = hashlib.sha512(secret).digest()
        number = int.from_bytes(octets[:32], "little") & ((1 << 254) - 8) | 1 << 254
        return number, octets[32:]

    def public(self, secret):
        octets = self.times(self.expand(secret)[0])
        return tlv(0x30, bytes.fromhex("300506032b6570") + tlv(3, b"\0" + octets))

    def sign(self, secret, message):
        number, prefix = self.expand(secret)
        digest = lambda data: int.from_bytes(hashlib.sha512(data).digest(), "little") % self.q
        r = digest(prefix + message)
        point = self.times(r)
        s = (r + digest(point + self.times(number) + message) * number) % self.q
        return point + s.to_bytes(32, "little")

    def is_key(self, _):
        return True


P256 = Curve(
    32,
    0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    bytes.fromhex("06082a8648ce3d030107"),
    "sha256",
)
P384 = Curve(
    48,
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    bytes.fromhex("06052b81040022"),
    "sha384",
)
ALGORITHMS = {"ECDSA 256": P256, "ECDSA 384": P384, "Ed25519": Edwards()}


def tlv(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 | len(octets)]) + octets + content


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def elements(der):
    """The elements of a SEQUENCE, each with its tag and length."""
    found, at, end = [], *content(der, 0)
    while at < end:
        _, stop = content(der, at)
        found.append(der[at:stop])
        at = stop
    return found


def content(der, at):
    length, start = der[at + 1], at + 2
    if length & 128:
        count = length & 127
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    return start, start + length


def secret(seed, entry):
    algorithm = ALGORITHMS[entry["algorithm"]]
    window = b"" if entry["kind"] == "authority" else entry["edge"].to_bytes(8, "big", signed=True)
    for counter in range(1000):
        fields = [b"private key", entry["algorithm"].encode(), entry["kind"].encode(), entry["name"].encode(),
                  entry["generation"].to_bytes(4, "big"), window, counter.to_bytes(4, "big")]
        octets = hkdf(seed, fields, algorithm.octets)
        if algorithm.is_key(octets):
            return octets


def serial(seed, entry, digest):
    for counter in range(1000):
        fields = [b"serial number", entry["issuer"].encode(), entry["kind"].encode(), entry["name"].encode(),
                  entry["generation"].to_bytes(4, "big"), entry["edge"].to_bytes(8, "big", signed=True), digest,
                  counter.to_bytes(4, "big")]
        octets = bytearray(hkdf(seed, fields, 16))
        octets[0] &= 0x7F
        if octets[0]:
            return bytes(octets)


def edge(entry, now):
    """The last edge; authorities below another one count from its edge."""
    period = entry["duration"] - entry["renewBefore"] - 301
    if "origin" in entry:
        origin = entry["origin"]
    else:
        name = [b"schedule", entry["kind"].encode(), entry["name"].encode()]
        hashed = hashlib.sha256(VERSION + joined(name)).digest()
        origin = int.from_bytes(hashed[:8], "big") % period
    return max(0, origin + (now - origin) // period * period)


def check(seed, now, entry, entries):
    assert edge(entry, now) == entry["edge"], "edge"
    der = base64.b64decode(entry["certificate"])
    assert hashlib.sha256(der).hexdigest() == entry["sha256"], "hash"
    contents, _, signature = elements(der)
    fields = elements(contents)
    algorithm, own = ALGORITHMS[entry["algorithm"]], secret(seed, entry)
    assert algorithm.public(own) == fields[6], "public key"
    assert hashlib.sha256(fields[6]).hexdigest() == entry["spkiSha256"], "public key's hash"
    unnumbered = tlv(0x30, b"".join([fields[0], tlv(2, b"\1"), *fields[2:]]))
    number = serial(seed, entry, hashlib.sha256(unnumbered).digest())
    assert number.hex() == entry["serial"] and tlv(2, number) == fields[1], "serial"
    issuer = entry if not entry["issuer"] else entries[entry["issuer"]]
    expected = ALGORITHMS[issuer["algorithm"]].sign(secret(seed, issuer), contents)
    assert signature == tlv(3, b"\0" + expected), "signature"


def check_list(seed, entry, entries):
    der = base64.b64decode(entry["list"])
    contents, _, signature = elements(der)
    issuer = dict(entries[entry["issuer"]], generation=entry["generation"])
    expected = ALGORITHMS[issuer["algorithm"]].sign(secret(seed, issuer), contents)
    assert signature == tlv(3, b"\0" + expected), "signature of the list"


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    seed, count = bytes.fromhex(vectors["seed"]), 0
    for octets in vectors["hkdf"]:
        fields = [bytes.fromhex(field) for field in octets["fields"]]
        assert hkdf(seed, fields, octets["length"]).hex() == octets["octets"], octets
    for moment in vectors["moments"]:
        signers = {entry["name"]: entry for entry in moment["certificates"] if entry["signs"]}
        for entry in moment["certificates"]:
            check(seed, moment["now"], entry, signers)
            count += 1
        for entry in moment["lists"]:
            check_list(seed, entry, signers)
            count += 1
    print(f"{count} certificates and lists agree")


if __name__ == "__main__":
    main(sys.argv[1])
