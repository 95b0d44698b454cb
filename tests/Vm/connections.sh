# Runs in the guest (ConnectionTests.cs), which has four CPUs. Every check says "ok NAME" or "failed NAME"; what it printed
# goes to standard error. Variables in front: port, the server's; logged, that of a proxy before it which keeps a log;
# root, the certificate (PEM) by which the server is known.
modprobe nbd
device=/dev/nbd0
queue=/sys/block/nbd0/queue

check() {   # NAME COMMAND...
  local name=$1
  shift
  if "$@" > /tmp/log 2>&1; then echo "ok $name"; else echo "failed $name"; { echo "--- $name"; cat /tmp/log; dmesg | tail -n 5; } >&2; fi
}

attach() { nbd-client -N "disk$1" -b "$1" -timeout 30 "$2" 4 10.0.2.2 "$port" $device && [ "$(cat $queue/logical_block_size)" = "$1" ]; }
has_four_queues() { ls /sys/block/nbd0/mq; [ "$(ls /sys/block/nbd0/mq | wc -l)" = 4 ]; }
has_limits() {
  grep -H . $queue/{write_cache,fua,discard_granularity,discard_max_bytes,write_zeroes_max_bytes,max_hw_sectors_kb,rotational}
  [ "$(cat $queue/write_cache)" = "write back" ] && [ "$(cat $queue/fua)" = 1 ] \
    && [ "$(cat $queue/discard_max_bytes)" -gt $((1 << 30)) ] && [ "$(cat $queue/write_zeroes_max_bytes)" -gt $((1 << 30)) ] \
    && [ "$(cat $queue/rotational)" = 0 ]
}

# COMMAND with 0 to 3 behind it, each on a CPU of its own and so over a connection of its own.
on_four_cpus() {
  local n pid pids=()
  for n in 0 1 2 3; do taskset $((1 << n)) bash -c "$1 $n" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid" || return; done
}

# A range of its own, written directly and read by another CPU.
write_range() { dd if=/dev/urandom of=/tmp/range$1 bs=64k count=64 && dd if=/tmp/range$1 of=$device bs=64k seek=$(($1 * 64)) oflag=direct conv=notrunc; }
read_range() { local n=$((($1 + 1) % 4)); dd if=$device bs=64k count=64 skip=$((n * 64)) iflag=direct | cmp - /tmp/range$n; }
ranges() { on_four_cpus write_range && on_four_cpus read_range; }

write_files() { mkdir /mnt/$1 && for n in 1 2 3 4 5; do dd if=/dev/urandom of=/mnt/$1/$n bs=$((n * 7777)) count=8 conv=fsync || return; done; }
file_system() {
  local fs=$1 force=-f
  [ "$fs" != ext4 ] || force=-F
  mkfs.$fs -q $force $device && mount -t $fs $device /mnt && on_four_cpus write_files || return
  (cd /mnt && md5sum [0-3]/*) > /tmp/sums
  umount /mnt || return
  case $fs in
    ext4) e2fsck -fn $device ;;
    xfs) xfs_repair -n $device ;;
  esac || return
  echo 3 > /proc/sys/vm/drop_caches
  mount -t $fs $device /mnt && (cd /mnt && md5sum -c /tmp/sums) && umount /mnt
}

export device
export -f write_range read_range write_files

four_connections() {   # BLOCK OPTION FILE-SYSTEM
  check "attach $1" attach "$1" "$2" || return
  check "queues $1" has_four_queues
  check "limits $1" has_limits
  check "ranges $1" ranges
  check "$3 $1" file_system "$3"
  check "detach $1" nbd-client -d $device
}

check "list" eval '[ "$(nbd-client -l 10.0.2.2 "$port" | grep -xE "disk512|disk4096|journal" | wc -l)" = 3 ]'

four_connections 512 -connections ext4
four_connections 4096 -C xfs

# An fsync commits the journal: a write that must come behind a flush and be safe itself.
commits() {
  nbd-client -N journal -b 512 -timeout 30 10.0.2.2 "$logged" $device && mkfs.ext4 -q -F $device && mount $device /mnt || return
  for n in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/urandom of=/mnt/$n bs=5000 count=1 conv=fsync || return; done
  umount /mnt && nbd-client -d $device
}
check "commits" commits

# A disk for TLS only.
is_hidden() { ! nbd-client -l 10.0.2.2 "$port" | grep secret && ! nbd-client -N secret 10.0.2.2 "$port" $device; }
with_tls() {
  echo "$root" > /tmp/root.pem
  nbd-client -N secret -b 512 -timeout 30 -cacertfile /tmp/root.pem -tlshostname localhost 10.0.2.2 "$port" $device || return
  file_system ext4 && nbd-client -d $device
}
check "secret is hidden" is_hidden
check "secret with TLS" with_tls
