"""A libnbd client of structured replies: chunks, errors with their places, metadata contexts, block status.

usage: libnbd_structured.py URI; prints "fine", or fails with a traceback. The disk: 64 KiB persistent data, 64 KiB cached
data, nothing, 64 KiB of pending zeroes at 1 MiB, nothing.
"""

import errno
import sys

import nbd

KIB = 1024
MIB = 1024 * 1024
ALLOCATION = "base:allocation"
DURABILITY = "x-blockemu:durability"


def connect(uri, contexts=(), structured=True, strict=True):
    handle = nbd.NBD()
    if not strict:
        # A newer libnbd would send a WRITE without its PAYLOAD_LEN, and the payload behind it, without this one.
        handle.set_strict_mode(getattr(nbd, "STRICT_AUTO_FLAG", 0))
    handle.set_request_structured_replies(structured)
    if hasattr(handle, "set_request_extended_headers"):
        handle.set_request_extended_headers(False)
    for context in contexts:
        handle.add_meta_context(context)
    handle.connect_uri(uri)
    assert handle.get_structured_replies_negotiated() == structured
    return handle


def chunks(handle, length, offset, flags=0):
    seen = []
    handle.pread_structured(length, offset, lambda buf, at, status, err: seen.append((at, len(buf), status)), flags)
    return seen


def reads(uri):
    handle = connect(uri)
    assert handle.can_df()
    assert chunks(handle, 128 * KIB, 0) == [(0, 128 * KIB, nbd.READ_DATA)]
    assert chunks(handle, 64 * KIB, 2 * MIB) == [(2 * MIB, 64 * KIB, nbd.READ_HOLE)]
    assert chunks(handle, 64 * KIB, 2 * MIB, nbd.CMD_FLAG_DF) == [(2 * MIB, 64 * KIB, nbd.READ_DATA)]
    assert handle.pread(4, 64 * KIB - 2) == b"\x5a\x5a\x5a\x5a"
    assert handle.pread(4, 128 * KIB - 2) == b"\x5a\x5a\0\0"
    handle.shutdown()


def errors(uri):
    handle = connect(uri, strict=False)
    size = handle.get_size()
    for call in (
        lambda: handle.pread(512, size - 256),
        lambda: handle.pread(512, size + 4096),
        lambda: handle.block_status(512, 0, lambda *_: 0),
    ):
        try:
            call()
        except nbd.Error as error:
            assert error.errnum == errno.EINVAL, error
        else:
            raise AssertionError("succeeded instead of EINVAL")
    handle.pwrite(b"x", 8 * MIB)
    assert handle.pread(1, 8 * MIB) == b"x"
    handle.trim(1 * KIB, 8 * MIB)
    handle.shutdown()


def status(uri):
    handle = connect(uri, [ALLOCATION, DURABILITY])
    assert handle.can_meta_context(ALLOCATION) and handle.can_meta_context(DURABILITY)
    seen = {}
    handle.block_status(2 * MIB, 32 * KIB, lambda name, at, entries, err: seen.update({name: entries}))
    assert seen[ALLOCATION] == [96 * KIB, 0, 896 * KIB, 3, 64 * KIB, 2, 992 * KIB, 3], seen
    assert seen[DURABILITY] == [32 * KIB, 1, 64 * KIB, 2, 896 * KIB, 0, 64 * KIB, 2, 992 * KIB, 0], seen
    handle.block_status(2 * MIB, 32 * KIB, lambda name, at, entries, err: seen.update({name: entries}), nbd.CMD_FLAG_REQ_ONE)
    assert seen[DURABILITY] == [32 * KIB, 1], seen
    handle.flush()
    handle.block_status(128 * KIB, 0, lambda name, at, entries, err: seen.update({name: entries}))
    assert seen[DURABILITY] == [128 * KIB, 1], seen
    handle.shutdown()


def plain(uri):
    handle = connect(uri, structured=False)
    assert not handle.can_df()
    assert handle.pread(2, 0) == b"\x5a\x5a"
    handle.shutdown()


uri = sys.argv[1]
reads(uri)
errors(uri)
plain(uri)
status(uri)
print("fine")
