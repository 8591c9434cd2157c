# shellcheck shell=bash
# Networks: namespace 0 holds one bridge a rail; nothing touches the machine's own network, but for --nat.
net_switch() {
  local k dev net mtu; [ -e "/run/netns/$(ns 0)" ] && return
  ip netns add "$(ns 0)"; ip -n "$(ns 0)" link set lo up
  for k in "${!RAILS[@]}"; do
    read -r dev net mtu <<<"${RAILS[k]}"
    ip -n "$(ns 0)" link add "rail$k" mtu "$mtu" type bridge
    ip -n "$(ns 0)" addr add "$net.1/24" dev "rail$k"
    ip -n "$(ns 0)" link set "rail$k" up
  done
}
net_host() {
  local i=$1 k dev net mtu n; n=$(ns "$1"); [ -e "/run/netns/$n" ] && return
  ip netns add "$n"; ip -n "$n" link set lo up
  for k in "${!RAILS[@]}"; do
    read -r dev net mtu <<<"${RAILS[k]}"
    ip -n "$(ns 0)" link add "h$i.$k" mtu "$mtu" type veth \
      peer name "$dev" address "$(printf 4c:bb:47:b%d:01:%02x "$k" "$i")" netns "$n" # the same after a reboot
    ip -n "$(ns 0)" link set "h$i.$k" master "rail$k" up
    ip -n "$n" link set "$dev" mtu "$mtu" up
    ip -n "$n" addr add "$net.$((10 + i))/24" dev "$dev"
  done
  ip -n "$n" route add default via "$net.1"
  for dev in "${DARK[@]}"; do                # a tap that nobody opens is "up, NO-CARRIER", as an empty port is
    ip -n "$n" tuntap add mode tap name "$dev"; ip -n "$n" link set "$dev" up
  done
}
cmd_bw() {                                   # tbf at both ends of a veth; the burst must hold one 64 KB GSO packet
  local rate=$1 i k n dev burst=128kb; [[ $rate == *gbit ]] && burst=1mb
  [ $# -gt 1 ] || echo "$rate" > "$STATE/bw"   # hosts booted later get it too
  for i in ${2:-$(hosts)}; do [ ! -e "/run/netns/$(ns "$i")" ] || for k in 0 1; do
    while read -r n dev; do
      if [ "$rate" = off ]; then tc -n "$n" qdisc del dev "$dev" root 2>/dev/null || true
      else tc -n "$n" qdisc replace dev "$dev" root tbf rate "$rate" burst $burst latency 50ms; fi
    done <<<"$(ns "$i") ${RAILS[k]%% *}"$'\n'"$(ns 0) h$i.$k"
  done; done
}
cmd_link() { local k; for k in "${!RAILS[@]}"; do ip -n "$(ns 0)" link set "h$1.$k" "$2"; done; }

# Ways out, for one testbed at a time.
net_nat() {
  [ -e "/sys/class/net/$NAME-nat" ] && return
  command -v iptables >/dev/null || die "--nat wants iptables"
  [ -e "$STATE/ip_forward" ] || cp /proc/sys/net/ipv4/ip_forward "$STATE/ip_forward"
  echo 1 > /proc/sys/net/ipv4/ip_forward
  ip link add "$NAME-nat" type veth peer name uplink netns "$(ns 0)"
  ip addr add 198.18.77.1/30 dev "$NAME-nat"; ip link set "$NAME-nat" up
  iptables -t nat -A POSTROUTING -s 198.18.77.0/30 -j MASQUERADE
  ip -n "$(ns 0)" addr add 198.18.77.2/30 dev uplink; ip -n "$(ns 0)" link set uplink up
  ip -n "$(ns 0)" route add default via 198.18.77.1
  ip netns exec "$(ns 0)" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward
    iptables -t nat -A POSTROUTING -o uplink -j MASQUERADE'
}
net_nat_off() {
  [ -e "$STATE/ip_forward" ] || return 0
  iptables -t nat -D POSTROUTING -s 198.18.77.0/30 -j MASQUERADE || true
  ip link del "$NAME-nat" 2>/dev/null || true; cat "$STATE/ip_forward" > /proc/sys/net/ipv4/ip_forward
}
