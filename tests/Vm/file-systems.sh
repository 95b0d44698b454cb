# Runs in the guest (FileSystemTests.cs). Every check says "ok NAME" or "failed NAME"; what it printed goes to standard
# error. Variables in front: port, the server's.
modprobe nbd
device=/dev/nbd0

check() {   # NAME COMMAND...
  local name=$1
  shift
  if "$@" > /tmp/log 2>&1; then echo "ok $name"; else echo "failed $name"; { echo "--- $name"; cat /tmp/log; dmesg | tail -n 5; } >&2; fi
}

attach() { nbd-client -N "disk$1" -b "$1" -timeout 30 10.0.2.2 "$port" $device && [ "$(cat /sys/block/nbd0/queue/logical_block_size)" = "$1" ]; }
has_volatile_cache() { [ "$(cat /sys/block/nbd0/queue/write_cache)" = "write back" ] && [ "$(cat /sys/block/nbd0/queue/fua)" = 1 ]; }

# Direct writes of one block, of a few, and of more than one request may carry; unaligned to anything but the block.
direct() {
  local block=$1 count
  for count in 1 3 64 5000; do
    dd if=/dev/urandom of=/tmp/pattern bs="$block" count=$count || return
    dd if=/tmp/pattern of=$device bs=$((block * count)) count=1 seek=$((block * 7)) oflag=direct,seek_bytes || return
    dd if=$device of=/tmp/back bs=$((block * count)) count=1 skip=$((block * 7)) iflag=direct,skip_bytes,fullblock || return
    cmp /tmp/pattern /tmp/back || return
  done
}

is_zero() { dd if=$device bs=1M count=4 iflag=direct | cmp -n 4194304 - /dev/zero; }
trim() { dd if=/dev/urandom of=$device bs=1M count=4 oflag=direct && blkdiscard -o 0 -l 4M $device && is_zero; }
zeroes() { dd if=/dev/urandom of=$device bs=1M count=4 oflag=direct && blkdiscard -z -o 0 -l 4M $device && is_zero; }

file_system() {
  local fs=$1 force=-f
  [ "$fs" != ext4 ] || force=-F
  mkfs.$fs -q $force $device && mount -t $fs $device /mnt || return
  mkdir /mnt/folder
  for n in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/urandom of=/mnt/folder/$n bs=$((n * 7777)) count=10 conv=fsync || return; done
  (cd /mnt && md5sum folder/*) > /tmp/sums
  rm /mnt/folder/5
  umount /mnt || return
  case $fs in
    ext4) e2fsck -fn $device ;;
    xfs) xfs_repair -n $device ;;
    btrfs) btrfs check --readonly $device ;;
  esac || return
  echo 3 > /proc/sys/vm/drop_caches
  mount -t $fs $device /mnt || return
  (cd /mnt && grep -v folder/5 /tmp/sums | md5sum -c) && [ ! -e /mnt/folder/5 ] && umount /mnt
}

for block in 512 4096; do
  check "attach $block" attach $block || continue
  check "cache $block" has_volatile_cache
  check "direct $block" direct $block
  check "trim $block" trim
  check "zeroes $block" zeroes
  for fs in ext4 xfs btrfs; do check "$fs $block" file_system $fs; done
  check "detach $block" nbd-client -d $device
done
