# One boot of the atomic-write story's guest. The demo puts variables in front: port, seed; targets, each "NAME KIND SLOT_BYTES
# SLOTS NQN [plain]"; format, verify and round (the round to verify, then the one to write); empty: nothing of that. Answers
# are lines "WORD ..." on standard output; what the tools say goes to standard error.
give_up() { echo problem "$@"; exit 1; }
kernel_lines() { dmesg -c | sed -E 's/^(<[0-9]+>)?\[[^]]*\] //' | grep -E 'EXT4-fs|JBD2|XFS|nvme|I/O error' | sed 's/^/kernel /'; }

modprobe nvme-tcp
dmesg -c > /dev/null

# Calls a function with each target's words behind its device.
for_each() {   # FUNCTION
  local name rest device
  while read -r name rest; do
    [ -n "$name" ] || continue
    device=$(cat "/run/$name.device" 2> /dev/null)
    "$1" "${device:-none}" "$name" $rest || give_up "$1 failed for $name"
  done <<< "$targets"
}
path_of() { if [ "$2" = raw ]; then cat "/run/$1.device"; else echo "/mnt/$1/slots"; fi; }

attach() { nvme-attach "$port" "$6" --nr-io-queues=1 > "/run/$2.device"; }
make() {
  case $3 in
    ext4) mkfs.ext4 -q -F -b 4096 -O bigalloc -C "$4" "$1" ;;
    # An extent size of the slot's keeps slots whole and aligned, so that the device can be asked for atomicity.
    xfs) mkfs.xfs -q -f -d "extszinherit=$(($4 / 4096))" "$1" ;;
  esac >&2
}
mount_it() {
  [ "$3" != raw ] || return 0
  mkdir -p "/mnt/$2"
  mount -t "$3" "$1" "/mnt/$2" >&2
}
fill() { atomic-writer fill "$(path_of "$2" "$3")" "$4" "$5" && sync; }
tell_limits() { echo "limits $2 $(atomic-writer limits "$(path_of "$2" "$3")")"; }
verify() { atomic-writer verify "$(path_of "$2" "$3")" "$4" "$5" "$2" "$verify" < /in/promises; }
check() {
  local status
  [ "$3" != raw ] || return 0
  umount "/mnt/$2" >&2 || return
  case $3 in
    ext4) e2fsck -fn "$1" ;;
    xfs) xfs_repair -n "$1" ;;
  esac > /tmp/fsck 2>&1
  status=$?
  [ $status = 0 ] || sed "s/^/complaint $2 /" /tmp/fsck
  echo "fsck $2 $status"
  mount_it "$@"
}
write() { atomic-writer write "$(path_of "$2" "$3")" "$4" "$5" "$2" "$seed" "$round" $7 & }

for_each attach
[ -z "$format" ] || for_each make
for_each mount_it
[ -z "$format" ] || for_each fill
kernel_lines
if [ -n "$verify" ]; then
  for_each verify
  for_each check
  echo verified "$verify"
fi
if [ -n "$round" ]; then
  for_each tell_limits
  echo writing "$round"
  for_each write
  wait -n
  status=$?
  kernel_lines
  give_up "a writer ended with $status"
fi
