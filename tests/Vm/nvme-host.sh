# Runs in the guest (NvmeChecks.cs) in front of nvme-commands.sh, nvme-atomic.sh and nvme-power.sh: what they share. Every check
# says "ok NAME" or "failed NAME"; what it printed goes to standard error. The guest has four CPUs. Variables in front:
# kernel, stable or newest; port and admin, the server's.
modprobe -a nvme-tcp xfs
mkdir -p /tmp/found

check() {   # NAME COMMAND...
  local name=$1
  shift
  if "$@" > /tmp/log 2>&1; then echo "ok $name"; else echo "failed $name"; { echo "--- $name"; cat /tmp/log; dmesg | tail -n 8; } >&2; fi
}

nqn() { echo "nqn.2026-11.io.blockemu:$1"; }

# DISK [OPTION...]: connects, and waits for its block device -> controller, device, queue.
attach() {
  local disk=$1
  shift
  device=$(nvme-attach "$port" "$(nqn "$disk")" "$@") || return
  queue=/sys/block/${device##*/}/queue controller=$(basename "$(readlink -f "/sys/block/${device##*/}/device")")
}
detach() { nvme disconnect -n "$(nqn "$1")"; }

# VALUE COMMAND...: asks again until the command prints it, for ten seconds.
becomes() {
  local wanted=$1 try found
  shift
  for try in $(seq 100); do
    found=$("$@" 2>&1)
    [ "$found" != "$wanted" ] || return 0
    usleep 100000
  done
  echo "$* gives $found, not $wanted"
  return 1
}

# METHOD PATH JSON: a request to the server's administration.
admin() {
  exec 9<> "/dev/tcp/10.0.2.2/$admin" || return
  printf '%s /api/v1/disks/%s HTTP/1.1\r\nHost: 10.0.2.2\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" ${#3} "$3" >&9
  cat <&9 > /tmp/answer
  exec 9>&-
  grep -q '^HTTP/1.1 20' /tmp/answer || { cat /tmp/answer; return 1; }
}
