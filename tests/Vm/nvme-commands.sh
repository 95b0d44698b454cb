# Runs in the guest behind nvme-host.sh: nvme-cli, and file systems.

discovers() {
  nvme discover -t tcp -a 10.0.2.2 -s "$port" | tee /tmp/found/discover
  grep -q "subnqn: *$(nqn disk512)\$" /tmp/found/discover && grep -q "subnqn: *$(nqn disk4096)\$" /tmp/found/discover
}

# A range that every queue writes and another one reads.
on_queues() {   # COUNT
  local n
  [ "$(ls "/sys/block/${device##*/}/mq" | wc -l)" = "$1" ] || { ls "/sys/block/${device##*/}/mq"; return 1; }
  for n in 0 1 2 3; do
    dd if=/dev/urandom of=/tmp/range$n bs=64k count=32 || return
    taskset $((1 << n)) dd if=/tmp/range$n of="$device" bs=64k seek=$((n * 32)) oflag=direct conv=notrunc || return
  done
  for n in 0 1 2 3; do
    taskset $((1 << ((n + 1) % 4))) dd if="$device" bs=64k count=32 skip=$((n * 32)) iflag=direct | cmp - /tmp/range$n || return
  done
}
connects() {   # DISK QUEUES OPTION...
  local disk=$1 queues=$2
  shift 2
  attach "$disk" --nr-io-queues="$queues" "$@" && on_queues "$queues" && detach "$disk"
}

has() { grep -qE "$1" /tmp/found/answer || { echo "no $1"; cat /tmp/found/answer; return 1; }; }
identifies_controller() {
  nvme id-ctrl "/dev/$controller" > /tmp/found/answer || return
  has '^mn *: BlockEmu' && has '^awupf *: 31$' && has '^vwc *: 0x7$' && has '^cntrltype *: 1$'
}
identifies_namespace() {
  nvme id-ns -H "$device" > /tmp/found/answer || return
  has '^nsze *: 0x100000[[:space:]]' && has '^nawupf *: 31$' && has '^nabspf *: 0$' && has 'LBA Format .*Data Size: *512 bytes.*in use'
}
has_health() {
  nvme smart-log "/dev/$controller" > /tmp/found/answer || return
  has '^unsafe_shutdowns[[:space:]]*: 0$' && has '^critical_warning[[:space:]]*: 0$'
}

pattern() { head -c 4096 /dev/zero | tr '\0' "$1" > "/tmp/pattern-$1"; }
holds() {   # CHARACTER BLOCK: eight blocks of it
  dd if="$device" bs=512 skip="$2" count=8 iflag=direct | cmp - "/tmp/pattern-$1"
}
put() { nvme write "$device" -s "$2" -c 7 -z 4096 -d "/tmp/pattern-$1"; }
flushes() { put A 8 && nvme flush "$device" -n 1 && holds A 8; }
is_zero() { dd if="$device" bs=512 skip="$1" count=8 iflag=direct | cmp -n 4096 - /dev/zero; }
writes_zeroes() { put A 16 && nvme write-zeroes "$device" -s 16 -c 7 && is_zero 16; }
deallocates() { put A 24 && put B 32 && nvme dsm "$device" -n 1 --ad --slbs=24 --blocks=8 && is_zero 24 && holds B 32; }
compares() {
  put A 40 && nvme compare "$device" -s 40 -c 7 -z 4096 -d /tmp/pattern-A || return
  nvme compare "$device" -s 40 -c 7 -z 4096 -d /tmp/pattern-B 2>&1 | tee /tmp/found/answer
  has 'Compare Failure|COMPARE_FAILED|0x[24]?285'
}
verifies() { nvme verify "$device" -n 1 -s 40 -c 7; }
is_uncorrectable() {
  put A 48 && nvme write-uncor "$device" -n 1 -s 50 -c 0 && ! holds A 48 && ! nvme verify "$device" -n 1 -s 48 -c 7 || return
  put B 48 && holds B 48
}
copies() { put B 56 && nvme copy "$device" --sdlba=64 --slbs=56 --blocks=7 --format=0 && holds B 64; }
switches_cache() {
  nvme set-feature "/dev/$controller" -f 6 -V 0 && nvme get-feature "/dev/$controller" -f 6 | tee /tmp/found/answer && has 'value:0x0*$|value:0*$' || return
  nvme set-feature "/dev/$controller" -f 6 -V 1 && nvme get-feature "/dev/$controller" -f 6 | tee /tmp/found/answer && has 'value:0x0*1$|value:0*1$'
}
reads_logs() {
  local log
  for log in error-log fw-log effects-log changed-ns-list-log; do nvme $log "/dev/$controller" || return; done
}
resets() { put A 72 && nvme reset "/dev/$controller" && becomes live cat "/sys/class/nvme/$controller/state" && holds A 72; }

tools() {
  local c
  for c in A B; do pattern $c; done
  check "discover" discovers
  check "connect with 1 queue" connects disk512 1
  check "connect with 4 queues and digests" connects disk512 4 --hdr-digest --data-digest
  check "connect with 4096-byte blocks and digests" connects disk4096 2 --hdr-digest --data-digest
  check "connect" attach disk512 || return
  check "id-ctrl" identifies_controller
  check "id-ns" identifies_namespace
  check "smart-log" has_health
  check "flush" flushes
  check "write-zeroes" writes_zeroes
  check "dsm" deallocates
  check "compare" compares
  check "verify" verifies
  check "write-uncor" is_uncorrectable
  check "copy" copies
  check "write cache" switches_cache
  check "logs" reads_logs
  check "reset" resets
  check "disconnect" detach disk512
}

file_system() {
  local fs=$1 n force=-f
  [ "$fs" != ext4 ] || force=-F
  mkfs.$fs -q $force "$device" && mount -t $fs "$device" /mnt || return
  for n in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/urandom of=/mnt/$n bs=$((n * 7777)) count=8 conv=fsync || return; done
  (cd /mnt && md5sum *[0-9]) > /tmp/sums
  rm /mnt/5
  umount /mnt || return
  case $fs in
    ext4) e2fsck -fn "$device" ;;
    xfs) xfs_repair -n "$device" ;;
    btrfs) btrfs check --readonly "$device" ;;
  esac || return
  echo 3 > /proc/sys/vm/drop_caches
  mount -t $fs "$device" /mnt && (cd /mnt && grep -v ' 5$' /tmp/sums | md5sum -c && [ ! -e 5 ]) && umount /mnt
}
file_systems() {
  local block fs
  for block in 512 4096; do
    attach "disk$block" > /tmp/log 2>&1 || cat /tmp/log >&2
    for fs in ext4 xfs btrfs; do check "$fs $block" file_system $fs; done
    detach "disk$block" > /dev/null
  done
}

tools
file_systems
