# shellcheck shell=bash
# What a machine needs for a testbed: packages to install, and what to say when something is missing.
PKGS=(iproute2 util-linux mount hostname procps passwd openssh-server openssh-client sudo iputils-ping rsync python3)
DOCKER_PKGS=(docker.io iptables jq busybox-static)
PROGRAMS=(ip tc unshare nsenter setpriv pivot_root flock mount hostname pgrep useradd sshd ssh-keygen ssh sudo)
DOCKER_PROGRAMS=(dockerd docker runc iptables jq)

engine_option() {                            # of "install" and "check"
  case "$*" in ''|"--engine docker") echo docker;; "--engine none") echo none;; *) die "unknown option: $*";; esac
}
cmd_install() {
  local p e; e=$(engine_option "$@")
  command -v apt-get >/dev/null || die "no apt-get here: install the programs that \"check\" names by hand"
  if [ "$e" = docker ]; then
    PKGS+=("${DOCKER_PKGS[@]}")
    for p in docker-cli docker-buildx; do apt-cache show $p >/dev/null 2>&1 && PKGS+=("$p"); done # Debian 13
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${PKGS[@]}" </dev/null
}
cmd_check() {
  local said e; e=$(engine_option "$@"); said=$(lacks "$e"); [ -n "$said" ] || return 0
  echo "$said" >&2; return 1
}
lacks() {
  local p missing=()
  [ "$(uname -s)" = Linux ] || { echo "this is not Linux"; return; }
  [ "$(id -u)" = 0 ] || { echo "this needs root"; return; }
  [ "$1" = none ] || PROGRAMS+=("${DOCKER_PROGRAMS[@]}")
  for p in "${PROGRAMS[@]}"; do command -v "$p" >/dev/null || missing+=("$p"); done
  [ ${#missing[@]} = 0 ] || echo "not installed: ${missing[*]}"
  # python3 must be there for hosts, which see nothing of the machine's /root or /home
  case $(readlink -f "$BASE/usr/local/bin/python3" "$BASE/usr/bin/python3") in
    *"$BASE"/usr/*bin/python3.*) ;; *) echo "not installed: python3 below $BASE/usr";;
  esac
  unshare --mount --net true 2>/dev/null || echo "no right to make namespaces"
  [ "$(stat -f -c %T "${ALL%/*}")" != overlayfs ] || echo "${ALL%/*} is on an overlay, which cannot carry another"
  [ -e /proc/self/cgroup ] && grep -q . /proc/self/cgroup || echo "no cgroups"
}
