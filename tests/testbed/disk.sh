# shellcheck shell=bash
# A host's disk, laid before its first boot: root/ is its own, cow/ is what it has over the machine's.
disk() {
  local i=$1 l r=$STATE/h$1/root c=$STATE/h$1/cow; [ -e "$STATE/h$i/laid" ] && return
  mkdir -p "$r"/{dev,proc,sys,run,tmp,root/.ssh,home/spark/.ssh,mnt,srv} \
    "$r"/var/{log/apt,tmp,spool,cache/apt/archives/partial,lib/{dpkg,apt,dbus}} "$c"/{usr,etc,opt,sys,var/lib/{dpkg,apt}}
  chmod 1777 "$r"/{tmp,var/tmp}; chmod 700 "$r"/root{,/.ssh} "$r"/home/spark/.ssh; ln -s /run "$r/var/run"
  for l in bin sbin lib lib64; do ln -s "usr/$l" "$r/$l"; done
  install -D -t "$c/usr/local/bin" "$HERE"/hostbin/*
  [ ! -x "$BASE/usr/bin/docker" ] || ln -sf /usr/bin/docker "$c/usr/local/bin/docker"  # not a newer lone client there
  identity "$i" "$r" "$c"
  put "$c/etc/sudoers.d/spark" <<<"spark ALL=(ALL) NOPASSWD: ALL"
  put "$c/etc/docker/daemon.json" <<<'{"features": {"buildkit": true},
    "insecure-registries": ["192.168.176.0/22"], "default-runtime": "sim",
    "runtimes": {"sim": {"path": "/usr/local/bin/oci-sim"}, "nvidia": {"path": "/usr/local/bin/oci-sim"}}}'
  put "$c/etc/containers/containers.conf" <<<'[engine]
runtime = "sim"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
sim = ["/usr/local/bin/oci-sim"]'
  put "$c/etc/ssh/sshd_config" <<<"HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
PermitRootLogin prohibit-password
UsePAM no
SetEnv PATH=$SYSPATH
Subsystem sftp internal-sftp"
  "$HERE/fake-sysfs" "$i" "$c/sys"; touch "$STATE/h$i/laid"
}
identity() {                                 # names and keys: new for every disk, as for every machine installed
  local i=$1 r=$2 c=$3 l
  put "$c/etc/hostname" <<<"spark$i"
  tr -d - < /proc/sys/kernel/random/uuid | put "$c/etc/machine-id"
  ln -s /etc/machine-id "$r/var/lib/dbus/machine-id"
  { echo "127.0.0.1 localhost"; for l in {1..99}; do echo "192.168.177.$((10 + l)) spark$l"; done; } > "$c/etc/hosts"
  mkdir -p "$c/etc/ssh"
  ssh-keygen -q -t ed25519 -N '' -C "spark$i" -f "$c/etc/ssh/ssh_host_ed25519_key"
  ssh-keygen -q -t ed25519 -N '' -C "root@spark$i" -f "$r/root/.ssh/id_ed25519"
}
# Who may log in where: by default everyone everywhere; with --no-mesh only the control workstation into the hosts.
# Lines are added, never taken away, so keys that the tool under test has spread stay.
trust() {
  local i a u all known; mkdir -p "$STATE"/{ctl,run}; chmod 700 "$STATE"/{ctl,run}
  [ -e "$STATE/ctl/id_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -C control -f "$STATE/ctl/id_ed25519"
  all=$(cat "$STATE/ctl/id_ed25519.pub") known=; cp "$STATE/h1/cow/etc/hosts" "$STATE/hosts"
  for i in $(hosts); do
    a=$((10 + i)) known+="spark$i,192.168.177.$a,192.168.178.$a,192.168.176.$a"
    known+=" $(cut -d' ' -f1,2 "$STATE/h$i/cow/etc/ssh/ssh_host_ed25519_key.pub")"$'\n'
    [ -e "$STATE/no-mesh" ] || all+=$'\n'$(cat "$STATE/h$i/root/root/.ssh/id_ed25519.pub")
  done
  merge "$known" "$STATE/ctl/known_hosts"
  for i in $(hosts); do for u in root home/spark; do
    a=$STATE/h$i/root/$u/.ssh; cp -n "$STATE/h$i/root/root/.ssh"/id_ed25519* "$a/" 2>/dev/null || true
    merge "$all" "$a/authorized_keys"; [ -e "$STATE/no-mesh" ] || merge "$known" "$a/known_hosts"
  done; chown -R 1500:1500 "$STATE/h$i/root/home/spark"; done
}
merge() {                                    # lines of text $1 that file $2 lacks
  local new; touch "$2"; new=$(grep -vxFf "$2" <<<"$1" | grep .) || return 0
  echo "$new" >> "$2"
}
