"""A backend that reports by which address and port it was reached: `identified.py PORT...`. Each Service has an
address of its own, so that a wrong one shows."""

import asyncio
import json
import struct
import sys


async def _answer(reader, writer):
    address = "{}:{}".format(*writer.get_extra_info("sockname"))
    try:
        first = await reader.readexactly(1)
        if first == b"\x01":
            await _fastcgi(address, reader, writer, first)
            return
        # Another protocol (TLS, HTTP/2): the connection is closed.
        while first in (b"G", b""):
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            first = b""
            fields = [line.partition(":") for line in head[1:] if line]
            headers = {name.lower(): value.strip() for name, _, value in fields}
            body = _seen(address, head[0].split(" ")[1], headers)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)
            await writer.drain()
            if headers.get("connection", "").lower() == "close":
                break
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, IndexError):
        pass
    finally:
        writer.close()


async def _fastcgi(address, reader, writer, first):
    """One request of a client that speaks FastCGI: its parameters are returned as headers."""
    parameters = b""
    while True:
        record = first + await reader.readexactly(8 - len(first))
        _, kind, request, length, padding, _ = struct.unpack("!BBHHBB", record)
        first = b""
        content = (await reader.readexactly(length + padding))[:length]
        if kind == 4:
            parameters += content
        if kind == 5 and not content:
            break
    # The sizes between names and values are not needed to recognise a host.
    text = parameters.decode("latin-1")
    page = b"Content-Type: application/json\r\n\r\n" + _seen(address, "", {"host": "fastcgi", "parameters": text})
    for kind, content in ((6, page), (6, b""), (3, bytes(8))):
        writer.write(struct.pack("!BBHHBB", 1, kind, request, len(content), 0, 0) + content)
    await writer.drain()


def _seen(address, path, headers):
    return json.dumps({"service": address, "path": path, "host": headers.get("host"), "headers": headers}).encode()


async def _serve(ports):
    servers = [await asyncio.start_server(_answer, "0.0.0.0", port, backlog=1024) for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(_serve([int(port) for port in sys.argv[1:]]))
