"""A client of libnbd 1.20 or newer: extended headers, so that one request reaches further than 4 GiB.

usage: libnbd_extended.py URI; prints "fine", or fails with a traceback. The disk: 8 GiB, empty.
"""

import errno
import sys

import nbd

KIB = 1024
GIB = 1024 * 1024 * 1024
SIZE = 8 * GIB
ALLOCATION = "base:allocation"
DURABILITY = "x-blockemu:durability"


def connect(uri, extended=True):
    handle = nbd.NBD()
    handle.set_request_extended_headers(extended)
    handle.add_meta_context(ALLOCATION)
    handle.add_meta_context(DURABILITY)
    handle.connect_uri(uri)
    assert handle.get_extended_headers_negotiated() == extended
    assert handle.can_block_status_payload() == extended
    return handle


def status(handle, length, offset, flags=0):
    seen = {}
    handle.block_status_64(length, offset, lambda name, at, extents, err: seen.update({name: extents}), flags)
    return seen


def whole_disk_in_one_request(handle):
    assert handle.get_size() == SIZE
    assert status(handle, SIZE, 0) == {ALLOCATION: [(SIZE, 3)], DURABILITY: [(SIZE, 0)]}
    handle.pwrite(b"\x5a" * 64 * KIB, 7 * GIB)
    handle.flush()
    handle.pwrite(b"\xa5" * 64 * KIB, 5 * GIB)
    rest = 2 * GIB - 64 * KIB
    assert status(handle, SIZE, 0)[DURABILITY] == [(5 * GIB, 0), (64 * KIB, 2), (rest, 0), (64 * KIB, 1), (GIB - 64 * KIB, 0)]
    assert status(handle, SIZE, 0)[ALLOCATION] == [(5 * GIB, 3), (64 * KIB, 0), (rest, 3), (64 * KIB, 0), (GIB - 64 * KIB, 3)]
    assert status(handle, SIZE, 0, nbd.CMD_FLAG_REQ_ONE) == {ALLOCATION: [(5 * GIB, 3)], DURABILITY: [(5 * GIB, 0)]}
    assert status(handle, 6 * GIB, GIB)[DURABILITY] == [(4 * GIB, 0), (64 * KIB, 2), (rest, 0)]
    assert handle.pread(2, 7 * GIB - 1) == b"\0\x5a"


def more_than_4_gib(handle):
    handle.cache(6 * GIB, GIB)
    handle.zero(6 * GIB, GIB, nbd.CMD_FLAG_FAST_ZERO)
    assert handle.pread(64 * KIB, 5 * GIB) == bytes(64 * KIB)
    assert handle.pread(1, 7 * GIB) == b"\x5a"
    assert status(handle, SIZE, 0)[DURABILITY] == [(GIB, 0), (6 * GIB, 2), (64 * KIB, 1), (GIB - 64 * KIB, 0)]
    handle.trim(SIZE - 512, 512, nbd.CMD_FLAG_FUA)
    assert handle.pread(64 * KIB, 7 * GIB) == bytes(64 * KIB)
    handle.flush()
    assert status(handle, SIZE, 0)[DURABILITY] == [(SIZE, 0)]


def one_of_two_contexts(handle):
    seen = []
    handle.block_status_filter(6 * GIB, GIB, [DURABILITY], lambda name, at, extents, err: seen.append((name, at, extents)))
    assert seen == [(DURABILITY, GIB, [(6 * GIB, 0)])], seen


def refused(handle):
    handle.set_strict_mode(nbd.STRICT_AUTO_FLAG)
    for call in (
        lambda: handle.trim(SIZE, 512),
        lambda: handle.cache(6 * GIB, 6 * GIB),
        lambda: handle.pwrite(bytes(512), 0, 0x8000),
    ):
        try:
            call()
        except nbd.Error as error:
            assert error.errnum == errno.EINVAL, error
        else:
            raise AssertionError("succeeded instead of EINVAL")
    handle.set_strict_mode(nbd.STRICT_MASK)
    assert handle.pread(512, 0) == bytes(512)


def without(handle):
    # 32-bit lengths: the answer ends before the disk does, and a client asks on.
    extents = status(handle, 3 * GIB, 0)[DURABILITY]
    assert extents == [(3 * GIB, 0)], extents
    handle.shutdown()


handle = connect(sys.argv[1])
whole_disk_in_one_request(handle)
more_than_4_gib(handle)
one_of_two_contexts(handle)
refused(handle)
handle.shutdown()
without(connect(sys.argv[1], extended=False))
print("fine")
