"""As much of PostgreSQL's protocol (version 3, "simple query") as tells the moment at which a commit was acknowledged.
psql and pgbench keep such news in a buffer."""

import os
import socket
import struct

from pace import patience


class SqlError(Exception):
    """The server's error message; `code` is its SQLSTATE."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Connection:
    """One session over the server's Unix socket, as the database's superuser, without a password."""

    def __init__(self, socket_folder):
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(patience(120))
            self._socket.connect(os.path.join(socket_folder, ".s.PGSQL.5432"))
            self._in = self._socket.makefile("rb")
            startup = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
            self._socket.sendall(struct.pack("!i", len(startup) + 4) + startup)
            self._read_to_ready()
        except BaseException:
            self._socket.close()
            raise

    def query(self, sql):
        """Runs one or more statements and returns all their rows, values as text. What it returned is acknowledged."""
        text = sql.encode() + b"\0"
        self._socket.sendall(b"Q" + struct.pack("!i", len(text) + 4) + text)
        return self._read_to_ready()

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read_to_ready(self):
        rows, error = [], None
        while True:
            head = self._in.read(5)
            if len(head) < 5:
                raise error or ConnectionError("the database closed the connection")
            kind, (length,) = head[:1], struct.unpack("!i", head[1:])
            body = self._in.read(length - 4)
            if len(body) < length - 4:
                raise error or ConnectionError("the database closed the connection")
            if kind == b"D":
                rows.append(self._row(body))
            elif kind == b"E":
                error = self._error(body)
            elif kind == b"R" and body[:4] != bytes(4):
                raise ConnectionError("the database wants a password")
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    @staticmethod
    def _row(body):
        count, at, values = struct.unpack_from("!h", body)[0], 2, []
        for _ in range(count):
            (length,) = struct.unpack_from("!i", body, at)
            at += 4
            values.append(None if length < 0 else body[at:at + length].decode("utf-8", "replace"))
            at += max(length, 0)
        return tuple(values)

    @staticmethod
    def _error(body):
        fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
        return SqlError(fields.get(b"C", ""), fields.get(b"M", "an error without a message"))
