# The laboratory: hosts of one hospital ward in network namespaces on one bridge, with a mirror (SPAN) port.
# Sourced by the scripts beside it. Everything is bounded in time, lives in namespaces named "$LAB-…", and
# lab_down ends only processes inside those namespaces.
#
#   lab_up dicom ct1 pacs1       namespaces for these keys of plan.tsv, joined by a bridge; nothing else is reachable
#   span_start FILE              capture everything that crosses the bridge
#   on ct1 COMMAND…              run a command on a host (foreground, at most $PATIENCE seconds)
#   serve pacs1 COMMAND…         run a daemon on a host (background, at most $LIFETIME seconds); log in $WORK/pacs1.log
#   until_tcp pacs1 104          wait until a host listens
#   span_stop; keep FILE OUT [DISPLAY OR CAPTURE FILTER]
#   lab_down                     also run when the script ends for whatever reason
set -u
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CAPTURES=${CAPTURES:-$(dirname "$HERE")}
VENV=${VENV:-$HERE/.venv}
PY=$VENV/bin/python
PEERS=$HERE/peers
PATIENCE=${PATIENCE:-20}
LIFETIME=${LIFETIME:-120}
DOMAIN=northhill.example

plan() { awk -F'\t' -v k="$1" -v c="$2" '$1 == k { print $c }' "$HERE/plan.tsv"; }
mac_of() { plan "$1" 2; }
ip_of() { plan "$1" 3; }
name_of() { plan "$1" 4; }

lab_up() {
    LAB=mw$1-$$; shift
    WORK=$(mktemp -d "/tmp/$LAB.XXXX"); chmod 755 "$WORK"
    trap lab_down EXIT
    ip netns add "$LAB-sw"; ip netns add "$LAB-span"
    ip -n "$LAB-sw" link set lo up
    ip -n "$LAB-sw" link add br0 type bridge
    ip netns exec "$LAB-sw" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$LAB-sw" link set br0 type bridge mcast_snooping 0 stp_state 0 group_fwd_mask 16384
    ip -n "$LAB-sw" link set br0 up
    ip -n "$LAB-sw" link add span0 type veth peer name span0 netns "$LAB-span"
    ip -n "$LAB-sw" link set span0 up
    ip netns exec "$LAB-span" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$LAB-span" link set span0 up promisc on
    for key in "$@"; do lab_host "$key"; done
}

# A host of the plan. NO_ADDRESS=1: without an IPv4 address, for DHCP clients. NO_IPV6=1: no IPv6 at all.
lab_host() {
    local key=$1 port=p${#PORTS[@]}
    PORTS+=("$key")
    ip netns add "$LAB-$key"
    ip -n "$LAB-$key" link set lo up
    [ -n "${NO_IPV6:-}" ] && ip netns exec "$LAB-$key" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    ip -n "$LAB-sw" link add "$port" type veth peer name eth0 netns "$LAB-$key"
    ip -n "$LAB-$key" link set eth0 address "$(mac_of "$key")"
    # Frames as on a wire: no offloads, so sizes and checksums are real.
    ip netns exec "$LAB-$key" ethtool -K eth0 tx off tso off gso off gro off >/dev/null
    ip netns exec "$LAB-sw" ethtool -K "$port" tso off gso off gro off >/dev/null
    ip -n "$LAB-sw" link set "$port" master br0 up
    # Mirror each frame once: as it enters the bridge.
    tc -n "$LAB-sw" qdisc add dev "$port" clsact
    tc -n "$LAB-sw" filter add dev "$port" ingress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev span0
    [ -n "${NO_ADDRESS:-}" ] || ip -n "$LAB-$key" addr add "$(ip_of "$key")/24" brd + dev eth0
    ip -n "$LAB-$key" link set eth0 up
    # No default route: a daemon that looks up names fails at once instead of hanging.
    ip -n "$LAB-$key" route add 224.0.0.0/4 dev eth0
    ip -n "$LAB-$key" route add 255.255.255.255 dev eth0
    ip netns exec "$LAB-$key" sysctl -qw net.ipv4.ip_unprivileged_port_start=0
}
PORTS=()

on() { local key=$1; shift; timeout -k 2 "$PATIENCE" ip netns exec "$LAB-$key" "$@"; }
serve() {
    local key=$1; shift
    timeout -k 2 "$LIFETIME" ip netns exec "$LAB-$key" "$@" >>"$WORK/$key.log" 2>&1 </dev/null &
    disown
}
# With a private /run and /var/lib of its own: for daemons with fixed paths. The command is one shell string.
serve_private() {
    local key=$1; shift
    serve "$key" unshare -mu sh -c "mount -t tmpfs t /run; hostname '$(name_of "$key")'; $*"
}
# A host name of its own (UTS namespace): for software that sends it.
serve_named() { local key=$1; shift; serve "$key" unshare -u sh -c "hostname '$(name_of "$key")'; exec \"\$@\"" sh "$@"; }
on_named() { local key=$1; shift; on "$key" unshare -u sh -c "hostname '$(name_of "$key")'; exec \"\$@\"" sh "$@"; }

until_tcp() { local i; for i in $(seq 100); do on "$1" ss -Htln "sport = :$2" | grep -q . && return; sleep 0.1; done; echo "nothing listens on $1:$2" >&2; tail -3 "$WORK/$1.log" >&2; return 1; }
until_udp() { local i; for i in $(seq 100); do on "$1" ss -Huln "sport = :$2" | grep -q . && return; sleep 0.1; done; echo "nothing listens on $1:$2/udp" >&2; tail -3 "$WORK/$1.log" >&2; return 1; }
# End what runs on one host.
end_host() { local p; for p in $(ip netns pids "$LAB-$1"); do kill "$p" 2>/dev/null; done; sleep 0.3; }

span_start() {
    SPAN_FILE=$WORK/$1.span
    ip netns exec "$LAB-span" timeout -k 2 240 tcpdump -i span0 -U -s 0 --immediate-mode -w "$SPAN_FILE" 2>"$WORK/span.log" &
    SPAN_PID=$!
    local i; for i in $(seq 60); do grep -q listening "$WORK/span.log" 2>/dev/null && break; sleep 0.05; done
}
span_stop() { sleep 0.5; kill "$SPAN_PID" 2>/dev/null; wait "$SPAN_PID" 2>/dev/null; }

# keep GROUP/TOPIC.pcap [CAPTURE FILTER]: write the last span capture, filtered, into the tree of captures.
keep() {
    mkdir -p "$CAPTURES/$(dirname "$1")"
    tcpdump -r "$SPAN_FILE" -w "$CAPTURES/$1" ${2:+"$2"} 2>/dev/null
    chmod 644 "$CAPTURES/$1"
    echo "$1: $(stat -c %s "$CAPTURES/$1") bytes: $(tshark -r "$CAPTURES/$1" -T fields -e _ws.col.Protocol 2>/dev/null | sort | uniq -c | sort -rn | awk '{printf "%s %s, ", $2, $1}')"
}
# A line that tells whether a step worked; the log of a failed one is shown.
step() { local what=$1; shift; if "$@" >"$WORK/step.log" 2>&1; then echo "  ok   $what"; else echo "  FAIL $what (status $?)"; tail -4 "$WORK/step.log" | sed 's/^/       /'; fi; }

lab_down() {
    trap - EXIT
    [ -n "${LAB:-}" ] || return
    local n p
    for signal in TERM KILL; do
        for n in $(ip netns list | awk '{print $1}' | grep "^$LAB-"); do
            for p in $(ip netns pids "$n"); do kill -$signal "$p" 2>/dev/null; done
        done
        sleep 0.4
    done
    for n in $(ip netns list | awk '{print $1}' | grep "^$LAB-"); do ip netns del "$n"; done
    [ -n "${KEEP_WORK:-}" ] || rm -rf "$WORK"
}
# For software that sends the kernel release: on KEY env "$(stock_kernel)" COMMAND…
stock_kernel() { [ -e "$WORK/release.so" ] || cc -shared -fPIC -o "$WORK/release.so" "$PEERS/release.c"; echo "LD_PRELOAD=$WORK/release.so"; }
