"""Asks many requests from inside the run's network: `asker.py THREADS`.

Reads a line of JSON, a list of connections, and writes a line of JSON, a list of lists of answers; again and
again. A connection is `{tls, address, port, sni, cert, key, asks: [[host, target], ...]}` (without `address`, to
127.0.0.1); its requests share one TLS connection as long as the server lets them. An answer is `{status, service,
heard, location, error, body, closed}`; `closed`: nobody listens, or the handshake ended without an alert. Of an item `[host, target, headers]`, the answer also has `headers`, those that the
service got, and `server`, the SHA-256 of the server's certificate.

A connection to an API with a bearer token is `{port, token, call: [[method, path, body, content type], ...]}`, and an
answer to that `[status, text]`.
"""

import functools
import hashlib
import http.client
import json
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

#: Everything answers at once; what does not is not asked often.
_SECONDS = 3
_PATIENCE = 2
_CLOSED = (ConnectionError, ssl.SSLEOFError)


@functools.lru_cache(maxsize=4096)
def _context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


class _Connection:
    """One connection, made again when the server has closed it."""

    def __init__(self, wanted):
        self._wanted = wanted
        self._http = None
        self._late = 0
        self._server = ""

    def ask(self, host, target, headers=None):
        if self._late >= _PATIENCE:
            return _nothing("not asked: the ones before got no answer in time")
        try:
            return self._once(host, target, headers)
        except (OSError, http.client.HTTPException) as error:
            self._late += isinstance(error, TimeoutError)
            closed = self._http is None and isinstance(error, _CLOSED)
            self.close()
            return _nothing(str(error), closed)

    def close(self):
        if self._http:
            self._http.close()
            self._http = None

    def _once(self, host, target, headers):
        if self._http is None:
            self._open()
        self._http.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        self._http.putheader("Host", host)
        for name, value in (headers or {}).items():
            self._http.putheader(name, value)
        self._http.endheaders()
        response = self._http.getresponse()
        body = response.read().decode("utf-8", "replace")
        location = response.getheader("Location")
        if response.will_close:
            self.close()
        answer = {"status": response.status, "location": location, "error": "", "closed": False}
        if headers is not None:
            answer["server"] = self._server
        try:
            seen = json.loads(body)
            if headers is not None:
                answer["headers"] = seen["headers"]
            return {**answer, "service": seen["service"], "heard": seen["host"], "body": ""}
        except (ValueError, KeyError, TypeError):
            return {**answer, "service": None, "heard": None, "body": body[:200]}

    def _open(self):
        place = (self._wanted.get("address", "127.0.0.1"), self._wanted["port"])
        plain = socket.create_connection(place, timeout=_SECONDS)
        try:
            sock = plain
            if self._wanted["tls"]:
                context = _context(self._wanted["cert"], self._wanted["key"])
                sock = context.wrap_socket(plain, server_hostname=self._wanted["sni"])
                self._server = hashlib.sha256(sock.getpeercert(binary_form=True)).hexdigest()
        except BaseException:
            plain.close()
            raise
        self._http = http.client.HTTPConnection("127.0.0.1", timeout=_SECONDS)
        # Otherwise it would open a connection of its own after the server has closed this one.
        self._http.auto_open = 0
        self._http.sock = sock
        # Paths are sent as they are.
        self._http._validate_path = lambda path: None


def _nothing(error, closed=False):
    return {
        "status": 0, "service": None, "heard": None, "location": None, "error": error, "body": "", "closed": closed,
    }  # fmt: skip


def _calls(wanted):
    connection = http.client.HTTPSConnection("127.0.0.1", wanted["port"], timeout=60, context=_context(None, None))
    answers = []
    for call in wanted["call"]:
        try:
            answers.append(_call(connection, wanted["token"], *call))
        except (OSError, http.client.HTTPException):
            # The server ends connections now and then; each of these calls may be made twice.
            connection.close()
            answers.append(_call(connection, wanted["token"], *call))
    connection.close()
    return answers


def _call(connection, token, method, path, body, kind):
    connection.request(method, path, body, {"Authorization": f"Bearer {token}", "Content-Type": kind})
    response = connection.getresponse()
    return [response.status, response.read().decode()]


def _connection(wanted):
    if "call" in wanted:
        return _calls(wanted)
    connection = _Connection(wanted)
    try:
        return [connection.ask(*each) for each in wanted["asks"]]
    finally:
        connection.close()


def main(threads):
    with ThreadPoolExecutor(threads) as pool:
        for line in sys.stdin:
            print(json.dumps(list(pool.map(_connection, json.loads(line)))), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
