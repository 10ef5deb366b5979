"""A FastCGI server that answers every request with the parameters it got: `fastcgi.py ADDRESS PORT MARKER`.

Its answer looks like `echo.py`'s: what is HTTP_A_B there is the header A-B here.
"""

import json
import struct
import sys
from collections.abc import Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer

_HEADER = struct.Struct("!BBHHBB")
_PARAMS, _STDIN, _STDOUT, _END = 4, 5, 6, 3


def serve(address: str, port: int, marker: str) -> None:
    """Answers for ever."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            request, content = self._read()
            parameters = dict(_pairs(content))
            headers = [(name[5:].replace("_", "-"), text) for name, text in parameters.items() if name[:5] == "HTTP_"]
            seen = {"marker": marker, "path": parameters.get("REQUEST_URI"), "headers": headers}
            self._write(request, _STDOUT, b"Content-Type: application/json\r\n\r\n" + json.dumps(seen).encode())
            self._write(request, _STDOUT, b"")
            self._write(request, _END, bytes(8))

        def _read(self) -> tuple[int, bytes]:
            """Number of the request, and its parameters; the body is not looked at."""
            parameters = b""
            while True:
                _, kind, request, length, padding, _ = _HEADER.unpack(self.rfile.read(_HEADER.size))
                content = self.rfile.read(length)
                self.rfile.read(padding)
                if kind == _PARAMS:
                    parameters += content
                if kind == _STDIN and not length:
                    return request, parameters

        def _write(self, request: int, kind: int, content: bytes) -> None:
            self.wfile.write(_HEADER.pack(1, kind, request, len(content), 0, 0) + content)

    ThreadingTCPServer.allow_reuse_address = True
    ThreadingTCPServer((address, port), Handler).serve_forever()


def _pairs(content: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(content):
        lengths = []
        for _ in range(2):
            wide = content[at] & 0x80
            size = 4 if wide else 1
            lengths.append(int.from_bytes(content[at : at + size], "big") & (0x7FFFFFFF if wide else 0x7F))
            at += size
        name, text = content[at : at + lengths[0]], content[at + lengths[0] : at + sum(lengths)]
        at += sum(lengths)
        yield name.decode(), text.decode()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
