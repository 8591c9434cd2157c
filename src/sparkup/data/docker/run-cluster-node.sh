#!/bin/bash
# Start Ray in this container: as the head of a cluster, or as a node of one, on the interfaces of the fabric.
# One file without needs but bash and ray, so it works in images of others too. What it sets for vLLM, Ray and
# NCCL is kept in ~/.bashrc, for shells that are opened in the container later (docker exec -it NAME bash).
set -euo pipefail

usage() {
    cat <<'END'
Usage: run-cluster-node.sh --role head|node --host-ip IP --eth-if NAME --ib-if NAMES [--head-ip IP]

  -r, --role     what this machine is: head, or node
  -h, --host-ip  its address on the fabric
  -e, --eth-if   its network interface with that address (enp1s0f1np1)
  -i, --ib-if    its RDMA devices, with commas (rocep1s0f1,roceP2p1s0f1)
  -m, --head-ip  the address of the head; nodes need it
END
}

refuse() {
    printf 'run-cluster-node.sh: %s\n' "$@" >&2
    usage >&2
    exit 2
}

role='' host_ip='' eth_if='' ib_if='' head_ip='' wrong=()
while [ $# -gt 0 ]; do
    option=$1 && shift
    case $option in
    --help) usage && exit ;;
    --*=*) set -- "${option#*=}" "$@" && option=${option%%=*} ;;
    esac
    case $option in
    -r | --role) name=role ;;
    -h | --host-ip) name=host_ip ;;
    -e | --eth-if) name=eth_if ;;
    -i | --ib-if) name=ib_if ;;
    -m | --head-ip) name=head_ip ;;
    *)
        wrong+=("there is no option $option")
        continue
        ;;
    esac
    if [ $# -eq 0 ]; then
        wrong+=("$option needs a value")
    else
        printf -v "$name" %s "$1" && shift
    fi
done
[ -n "$role" ] || wrong+=("--role is missing")
[ -n "$host_ip" ] || wrong+=("--host-ip is missing")
[ -n "$eth_if" ] || wrong+=("--eth-if is missing")
[ -n "$ib_if" ] || wrong+=("--ib-if is missing")
case $role in
'' | head) ;;
node) [ -n "$head_ip" ] || wrong+=("--head-ip is missing: a node must know its head") ;;
*) wrong+=("--role is head or node, not $role") ;;
esac
[ ${#wrong[@]} -eq 0 ] || refuse "${wrong[@]}"

declare -A variables=(
    [VLLM_HOST_IP]=$host_ip # which of a machine's addresses vLLM and Ray give to others
    [RAY_NODE_IP_ADDRESS]=$host_ip
    [RAY_OVERRIDE_NODE_IP_ADDRESS]=$host_ip
    [NCCL_SOCKET_IFNAME]=$eth_if # where NCCL's ranks meet, and what carries their data
    [NCCL_IB_HCA]=$ib_if
    [NCCL_IB_DISABLE]=0
    [GLOO_SOCKET_IFNAME]=$eth_if
    [TP_SOCKET_IFNAME]=$eth_if
    [UCX_NET_DEVICES]=$eth_if
    [OMPI_MCA_btl_tcp_if_include]=$eth_if
    [MN_IF_NAME]=$eth_if
    [RAY_memory_monitor_refresh_ms]=0 # Ray would end workers whose GPU memory it takes for the host's
)

# A line for each variable, and none of an earlier call.
keep=${HOME:-/root}/.bashrc
kept=$(sed '/ # run-cluster-node\.sh$/d' "$keep" 2>/dev/null || true)
{
    [ -z "$kept" ] || printf '%s\n' "$kept"
    for name in "${!variables[@]}"; do
        export "$name=${variables[$name]}"
        printf 'export %s=%q # run-cluster-node.sh\n' "$name" "${variables[$name]}"
    done
} >"$keep"

case $role in
head)
    exec ray start --block --head --port 6379 --node-ip-address "$host_ip" \
        --dashboard-host 0.0.0.0 --dashboard-port 8265 --disable-usage-stats
    ;;
node) exec ray start --block --address "$head_ip:6379" --node-ip-address "$host_ip" ;;
esac
