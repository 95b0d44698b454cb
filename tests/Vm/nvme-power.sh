# Runs in the guest behind the other nvme-*.sh: the power goes.

is_gone() { [ ! -e "/sys/class/nvme/$controller" ] && echo gone; }
unsafe_shutdowns() { nvme smart-log "/dev/$controller" | sed -nE 's/^unsafe_shutdowns[[:space:]]*: //p'; }

# With a file system in use: the host loses the device, and has it again by a new connect, with what was synced.
loses_the_device() {
  attach power --nr-io-queues=2 && mkfs.ext4 -q -F "$device" && mount "$device" /mnt || return
  dd if=/dev/urandom of=/mnt/synced bs=64k count=8 conv=fsync && md5sum < /mnt/synced > /tmp/sum || return
  dd if=/dev/urandom of=/mnt/loose bs=64k count=64
  admin POST power/power/cut '{}' && becomes gone is_gone || return
  ! dd if=/dev/zero of=/mnt/late bs=4k count=1 conv=fsync || { echo "ext4 goes on"; return 1; }
  umount /mnt && admin POST power/power/on '{}' || return
  attach power || attach power || return
  mount "$device" /mnt && md5sum < /mnt/synced | cmp - /tmp/sum && umount /mnt && e2fsck -fn "$device" || return
  [ "$(unsafe_shutdowns)" = 1 ] || { unsafe_shutdowns; return 1; }
}
# The same without a mount, and the power back at once: the first connect is refused, so that no host carries on unawares.
is_refused_once() {
  admin POST power/power/cycle '{}' && becomes gone is_gone && attach power && [ "$(unsafe_shutdowns)" = 2 ]
}
# By name only: the host is not told, and its controller comes back by itself.
carries_on() {
  admin POST power/power/cycle '{"clients":"reconnect"}' && becomes 3 unsafe_shutdowns && becomes live cat "/sys/class/nvme/$controller/state" \
    && dd if="$device" of=/dev/null bs=4k count=1 iflag=direct
}
power() {
  check "power cut" loses_the_device
  check "power cycle" is_refused_once
  check "power cycle with reconnect" carries_on
  detach power > /dev/null
}

power
