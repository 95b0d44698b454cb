# Runs in the guest behind nvme-host.sh: the limits that the block layer shows, and which RWF_ATOMIC writes succeed.

limits() { echo "$(cat "$queue/atomic_write_unit_min_bytes") $(cat "$queue/atomic_write_unit_max_bytes") $(cat "$queue/atomic_write_boundary_bytes")"; }
shows_limits() {   # DISK UNIT_MIN UNIT_MAX BOUNDARY
  local status
  attach "$1" || return
  becomes "$2 $3 $4" limits
  status=$?
  detach "$1"
  return $status
}

# Each line: PATH OFFSET BYTES [OPTION...] = RESULT.
answers() {
  local line found wrong=0
  while read -r line; do
    [ -n "$line" ] || continue
    found=$(atomic-writer try ${line% = *})
    [ "$found" = "${line#* = }" ] || { echo "${line% = *}: $found, not ${line#* = }"; wrong=1; }
  done
  return $wrong
}

on_device() {
  answers << TABLE
    $device 0 512 = OK
    $device 512 512 = OK
    $device 4096 4096 = OK
    $device 16384 16384 = OK
    $device 0 1536 = EINVAL
    $device 0 12288 = EINVAL
    $device 0 32768 = EINVAL
    $device 512 1024 = EINVAL
    $device 4096 16384 = EINVAL
    $device 0 4096 buffers=2 = EINVAL
    $device 0 4096 buffered = EOPNOTSUPP
    $device 0 32768 plain = OK
TABLE
}
# A unit is a length, not a grid: block 63 is as good a start as any. But Linux ends a request on a border of physical
# blocks, so that with some of 4 KiB (NPWG) the whole unit does not fit there, and half of it does. The partition ends one
# block behind a multiple of the unit: a write can cross its end.
on_partition() {   # RESULT FOR THE WHOLE UNIT
  local part=${device}p1 status
  { head -c 450 /dev/zero; printf '\x83\0\0\0\x3f\0\0\0\1\0\1\0'; head -c 48 /dev/zero; printf '\x55\xaa'; } > /tmp/table
  dd if=/tmp/table of="$device" conv=fsync && blockdev --rereadpt "$device" && [ "$(cat /sys/class/block/${part##*/}/start)" = 63 ] || return
  answers << TABLE
    $part 0 8192 = OK
    $part 8192 8192 = OK
    $part 512 8192 = EINVAL
    $part 33554432 8192 = EINVAL
    $part 0 16384 = $1
    $part 16384 16384 = $1
TABLE
  status=$?
  dd if=/dev/zero of="$device" bs=512 count=1 conv=fsync && blockdev --rereadpt "$device"
  return $status
}
refused_on_device() { answers <<< "$device 0 4096 = EOPNOTSUPP"; }

# NAME LIMITS MKFS...: makes it, mounts it, and asks for what the file in /mnt takes; the rest stands on standard input.
on_files() {
  local wanted=$1 status
  shift
  "$@" "$device" && mount "$device" /mnt || return
  dd if=/dev/zero of=/mnt/file bs=1M count=4 conv=fsync && [ "$(atomic-writer limits /mnt/file)" = "$wanted segments_max ${wanted_segments-1}" ] && answers
  status=$?
  atomic-writer limits /mnt/file
  umount /mnt
  return $status
}
none() { wanted_segments=0 on_files "unit_min 0 unit_max 0 unit_max_opt 0" "$@" <<< "/mnt/file 0 4096 = EOPNOTSUPP"; }
ext4_blocks() {
  on_files "unit_min 4096 unit_max 4096 unit_max_opt 0" mkfs.ext4 -q -F -b 4096 << TABLE
    /mnt/file 0 4096 = OK
    /mnt/hole 0 4096 = OK
    /mnt/file 0 8192 = EINVAL
    /mnt/file 0 16384 = EINVAL
TABLE
}
ext4_small_blocks() {
  on_files "unit_min 1024 unit_max 1024 unit_max_opt 0" mkfs.ext4 -q -F -b 1024 << TABLE
    /mnt/file 0 1024 = OK
    /mnt/file 0 4096 = EINVAL
TABLE
}
ext4_bigalloc() {   # CLUSTER
  on_files "unit_min 4096 unit_max 16384 unit_max_opt 0" mkfs.ext4 -q -F -b 4096 -O bigalloc -C "$1" << TABLE
    /mnt/file 0 4096 = OK
    /mnt/file 8192 8192 = OK
    /mnt/file 16384 16384 = OK
    /mnt/hole 16384 16384 = OK
    /mnt/file 0 32768 = EINVAL
    /mnt/file 4096 16384 = EINVAL
TABLE
}
xfs_blocks() {   # UNIT_MAX_OPT
  on_files "unit_min 4096 unit_max 2097152 unit_max_opt $1" mkfs.xfs -q -f << TABLE
    /mnt/file 0 4096 = OK
    /mnt/file 16384 16384 = OK
    /mnt/file 65536 65536 = OK
    /mnt/file 131072 131072 = OK
    /mnt/hole 16384 16384 = OK
    /mnt/file 0 512 = EINVAL
    /mnt/file 0 12288 = EINVAL
    /mnt/file 4096 16384 = EINVAL
TABLE
}
xfs_small_blocks() { on_files "unit_min 1024 unit_max 262144 unit_max_opt 16384" mkfs.xfs -q -f -b size=1k <<< "/mnt/file 0 1024 = OK"; }
xfs_large_blocks() { on_files "unit_min 16384 unit_max 33554432 unit_max_opt 16384" mkfs.xfs -q -f -b size=16k <<< "/mnt/file 0 16384 = OK"; }
xfs_without_reflink() {
  on_files "unit_min 4096 unit_max 4096 unit_max_opt 0" mkfs.xfs -q -f -m reflink=0 << TABLE
    /mnt/file 0 4096 = OK
    /mnt/file 0 16384 = EINVAL
TABLE
}

# PATCHed promises reach the host as an event; it reads them anew.
follows_changes() {
  admin PATCH unit16k '{"awupf":"8K"}' && becomes "512 8192 0" limits || return
  admin PATCH unit16k '{"awupf":"16K"}' && becomes "512 16384 0" limits
}

atomic_writes() {
  check "limits 512" shows_limits unit512 512 512 0
  check "limits 12K" shows_limits unit12k 512 8192 0
  check "limits 64K of 4096" shows_limits unit64k 4096 65536 0
  check "limits 2M" shows_limits unit2m 512 524288 0
  check "limits boundary" shows_limits boundary 512 16384 32768
  check "limits boundary of 48K" shows_limits boundary48k 0 0 0
  check "limits nabo" shows_limits nabo 0 0 0

  attach nabo > /dev/null && check "refused without limits" refused_on_device
  detach nabo > /dev/null
  attach npwg > /dev/null && check "atomic on a partition with small physical blocks" on_partition OK
  detach npwg > /dev/null
  attach unit16k > /tmp/log 2>&1 || cat /tmp/log >&2
  check "limits 16K" becomes "512 16384 0" limits
  check "atomic on the device" on_device
  check "atomic on a partition" on_partition EINVAL
  check "atomic limits follow a change" follows_changes
  case $kernel in
    stable)
      check "atomic ext4" none mkfs.ext4 -q -F -b 4096
      check "atomic xfs" none mkfs.xfs -q -f ;;
    *)
      check "atomic ext4" ext4_blocks
      check "atomic ext4 1k" ext4_small_blocks
      check "atomic ext4 bigalloc 16k" ext4_bigalloc 16384
      check "atomic ext4 bigalloc 64k" ext4_bigalloc 65536
      check "atomic xfs" xfs_blocks 16384
      check "atomic xfs 1k" xfs_small_blocks
      check "atomic xfs 16k" xfs_large_blocks
      check "atomic xfs without reflink" xfs_without_reflink ;;
  esac
  check "atomic btrfs" none mkfs.btrfs -q -f
  detach unit16k > /dev/null

  attach unit512 > /tmp/log 2>&1 || cat /tmp/log >&2
  check "atomic ext4 on 512" none mkfs.ext4 -q -F -b 4096
  [ "$kernel" = stable ] || check "atomic xfs on 512" xfs_blocks 0
  detach unit512 > /dev/null
}

# Settings at which a kernel complains, or goes without the namespace; 6.12 takes them as they come.
boundary_below_the_unit() { if [ "$kernel" = stable ]; then shows_limits noiob 512 16384 0; else shows_limits noiob 0 0 0; fi; }
granularity_above_an_odd_unit() {
  if [ "$kernel" = stable ]; then shows_limits npwg16k 512 8192 0; return; fi
  ! attach npwg16k && dmesg | grep 'Invalid physical block size'
  local status=$?
  detach npwg16k
  return $status
}

atomic_writes
# A keep alive that was on its way when the host took its controller down ends with BLK_STS_TRANSPORT (4): no complaint.
is_content() { ! dmesg | grep -v 'failed nvme_keep_alive_end_io error=4' | grep -E 'WARNING:|BUG:|Oops|nvme nvme[0-9]+: .*(recovery|timeout|failed|invalid|unexpected|error)'; }
check "kernel log" is_content   # up to here nothing was to go wrong
check "limits noiob" boundary_below_the_unit
check "limits npwg" granularity_above_an_odd_unit
