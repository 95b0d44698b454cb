# One boot of the demo's guest. The demo puts variables in front: front_end, port, nqn, block, fs, seed; format; verify and round (the
# round to verify, then the one to write); empty: nothing of that. Answers are lines "WORD ..." on standard output; what the tools say goes to standard error.
witness=/in/witness
say() { echo "$@"; }
give_up() { say problem "$@"; exit 1; }

# The kernel's lines about the file system and its device since the last call, without their time stamps.
dmesg -c > /dev/null
kernel_lines() { dmesg -c | sed -E 's/^(<[0-9]+>)?\[[^]]*\] //' | grep -E 'EXT4-fs|JBD2|XFS|BTRFS|nbd|nvme|I/O error'; }

# -timeout: a server that hangs while it should not is an error after that long, instead of a guest that waits for ever.
# At the cut it does not matter: this guest is killed long before.
case $front_end in
  nbd)
    modprobe nbd
    device=/dev/nbd0
    nbd-client -N disk0 -b "$block" -timeout 30 10.0.2.2 "$port" $device > /tmp/log 2>&1 || { cat /tmp/log >&2; give_up "nbd-client could not attach"; }
    cat /tmp/log >&2 ;;
  nvme)
    modprobe nvme-tcp
    device=$(nvme-attach "$port" "$nqn") || give_up "nvme connect could not attach" ;;
esac

if [ -n "$format" ]; then
  case $fs in
    ext4) mkfs.ext4 -q -F -b 4096 $device ;;
    *) mkfs.$fs -q -f $device ;;
  esac >&2 || give_up "mkfs.$fs failed"
  say formatted "$fs"
fi

mount_it() {
  mount -t "$fs" $device /mnt >&2 && return
  kernel_lines | sed 's/^/kernel /'
  give_up "$fs could not be mounted"
}

if [ -n "$verify" ]; then
  mount_it
  kernel_lines | sed 's/^/kernel /'
  say mounted
  $witness verify /mnt "$seed" "$verify" < /in/promises || give_up "the verifier ended with $?"
  umount /mnt >&2 || give_up "umount failed"
  say unmounted
  case $fs in
    ext4) e2fsck -fn $device ;;
    xfs) xfs_repair -n $device ;;
    btrfs) btrfs check --readonly $device ;;
  esac > /tmp/fsck 2>&1
  status=$?
  cat /tmp/fsck >&2
  [ $status = 0 ] || sed 's/^/complaint /' /tmp/fsck
  say fsck $status
  kernel_lines | sed 's/^/kernel-later /'
fi

if [ -n "$round" ]; then
  # Loose data starts for the disk after a fifth of a second, not after half a minute: a demo is short.
  echo 20 > /proc/sys/vm/dirty_expire_centisecs
  echo 10 > /proc/sys/vm/dirty_writeback_centisecs
  mount_it
  say writing "$round"
  $witness write /mnt "$seed" "$round" 2> /tmp/log
  status=$?
  kernel_lines | sed 's/^/kernel /'
  give_up "the writer ended with $status: $(cat /tmp/log)"
fi
case $front_end in
  nbd) nbd-client -d $device >&2 ;;
  nvme) nvme disconnect -n "$nqn" >&2 ;;
esac
