"""libnbd with TLS: certificates wanted and refused, four connections, every kind of command.

Usage: libnbd_tls.py HOST PORT EXPORT CERTIFICATES SERVER
HOST:PORT serves with TLS required; SERVER is the program, to be started on a socket of our own.
"""
import os
import sys

import nbd

host, port, export, certificates, server = sys.argv[1:]


def new_handle(tls):
    h = nbd.NBD()
    h.set_export_name(export)
    h.set_tls(tls)
    h.set_tls_certificates(certificates)
    h.set_tls_verify_peer(True)
    return h


# Four connections, and each sees what the others wrote.
handles = [new_handle(nbd.TLS_REQUIRE) for _ in range(4)]
for h in handles:
    h.connect_tcp(host, port)
    assert h.get_tls_negotiated() and h.get_protocol() == "newstyle-fixed"
    assert h.get_structured_replies_negotiated()
pieces = [os.urandom(300_000 + 7 * i) for i in range(4)]
for i, h in enumerate(handles):
    h.pwrite(pieces[i], i << 20, nbd.CMD_FLAG_FUA if i % 2 else 0)
for i, h in enumerate(handles):
    j = (i + 1) % 4
    assert h.pread(len(pieces[j]), j << 20) == pieces[j]
handles[0].flush()
handles[0].zero(1 << 20, 1 << 20)
handles[1].trim(1 << 20, 2 << 20)
assert handles[2].pread(4096, 1 << 20) == bytes(4096)
big = os.urandom(24 << 20)
handles[3].pwrite(big, 8 << 20)
assert handles[0].pread(len(big), 8 << 20) == big
for h in handles:
    h.shutdown()

# Who only allows TLS gets it; who does not speak it gets nothing.
allowed = new_handle(nbd.TLS_ALLOW)
allowed.connect_tcp(host, port)
assert allowed.get_tls_negotiated()
allowed.shutdown()
plain = new_handle(nbd.TLS_DISABLE)
try:
    plain.connect_tcp(host, port)
    raise AssertionError("came in without TLS")
except nbd.Error:
    pass

# On a socket that the server is started on.
own = new_handle(nbd.TLS_REQUIRE)
own.set_export_name("")
own.set_tls_verify_peer(False)
own.connect_command([
    server, "--stdio", "--disk", "size=16M", "--tls-cert", f"{certificates}/server-cert.pem",
    "--tls-key", f"{certificates}/server-key.pem", "--tls-ca", f"{certificates}/ca-cert.pem"])
assert own.get_tls_negotiated() and own.get_size() == 16 << 20
own.pwrite(b"x" * 70_000, 5)
assert own.pread(70_002, 4) == b"\0" + b"x" * 70_000 + b"\0"
own.shutdown()
print("fine")
