"""libnbd that asks for TLS when it pleases (opt_starttls, from 1.16 on), of a server where TLS is selective.

Usage: libnbd_starttls.py HOST PORT CERTIFICATES
"""
import sys

import nbd

host, port, certificates = sys.argv[1:]


def refused(call):
    try:
        call()
    except nbd.Error:
        return True
    return False


h = nbd.NBD()
h.set_opt_mode(True)
h.set_tls(nbd.TLS_DISABLE)
h.set_tls_certificates(certificates)
h.set_request_structured_replies(False)
h.connect_tcp(host, port)
assert not h.get_tls_negotiated()

# Before TLS: the open disks, structured replies, contexts; nothing of the secret one.
names = []
h.opt_list(lambda name, description: names.append(name) or 0)
assert "disk0" in names and "secret" not in names, names
assert h.opt_structured_reply() and h.get_structured_replies_negotiated()
h.set_export_name("disk0")
h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
assert h.opt_set_meta_context(lambda name: 0) == 1
h.set_export_name("secret")
assert refused(h.opt_info)
assert refused(h.get_size)

# STARTTLS forgets all of that.
assert h.opt_starttls() and h.get_tls_negotiated()
assert not h.get_structured_replies_negotiated()
assert refused(lambda: h.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION))
assert not h.opt_starttls(), "a second STARTTLS was taken"
names = []
h.opt_list(lambda name, description: names.append(name) or 0)
assert "secret" in names, names
h.opt_info()
assert h.get_size() == 2 << 20
h.opt_go()
h.pwrite(b"y" * 5000, 100)
assert h.pread(5000, 100) == b"y" * 5000
h.shutdown()
print("fine")
