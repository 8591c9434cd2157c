# shellcheck shell=bash
# Booting: a host's control groups, namespaces and mounts, and its first process.
boot() {                                     # starts a host's init in a cgroup of its own below this session's
  local i=$1 c d; cgroups "$i"
  (
    while read -r c d; do echo $BASHPID > "$d/cgroup.procs"; done < "$STATE/h$i/cgroups"
    exec setsid nsenter --net="/run/netns/$(ns "$i")" unshare --cgroup "$SELF" _seat "$i" "$2"
  ) </dev/null > "$STATE/h$i/boot.log" 2>&1 &
  echo $! > "$STATE/h$i/pid"
}
_seat() {                                    # the cgroup namespace is made: now to where processes may be
  local c d; while read -r c d; do echo $$ > "$(seat "$c" "$d")/cgroup.procs"; done < "$STATE/h$1/cgroups"
  exec unshare --mount --uts --ipc --pid --fork --kill-child --propagation private "$SELF" _init "$@"
}
cgroups() {                                  # makes them and notes them: a line "HIERARCHY FOLDER" each
  local c d p
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then cgroup2 "$1"; return; fi
  while IFS=: read -r _ c p; do
    [ -n "$c" ] || continue
    d=/sys/fs/cgroup/${c#name=}${p%/}/$NAME; mkdir -p "$d/h$1"; echo "$c $d/h$1"
    if [ "$c" = cpuset ]; then for p in cpus mems; do
      cat "$d/../cpuset.$p" > "$d/cpuset.$p"; cat "$d/cpuset.$p" > "$d/h$1/cpuset.$p"; done; fi
  done < /proc/self/cgroup > "$STATE/h$1/cgroups"
}
cgroup2() {                                  # beside other top groups: below one with processes there are no controllers
  local d=/sys/fs/cgroup/$NAME on c; mkdir -p "$d/h$1/init"
  read -ra on < "$d/cgroup.controllers" || true          # what the machine hands to its top groups
  for c in "${on[@]}"; do echo "+$c" > "$d/cgroup.subtree_control"; done
  echo "unified $d/h$1" > "$STATE/h$1/cgroups"
}
seat() { if [ "$1" = unified ]; then echo "$2/init"; else echo "$2"; fi; }

_init() {                                    # pid 1 of host i
  local i=$1 engine=$2 r=$STATE/h$1/root cow=$STATE/h$1/cow d
  mount --bind "$r" "$r"
  for d in usr etc opt var/lib/dpkg var/lib/apt; do over "$cow" "$BASE/$d" "$r/$d" $d; done
  mount -t proc proc "$r/proc"; mount -t sysfs sysfs "$r/sys"; over "$cow" "$r/sys" "$r/sys" sys
  mount -t tmpfs -o mode=755 tmpfs "$r/run"; mkdir "$r/run/sshd"
  cat /proc/sys/kernel/random/uuid > "$r/run/boot_id"; mount --bind "$r/run/boot_id" "$r/proc/sys/kernel/random/boot_id"
  devices "$r"; cgroup_mounts "$i" "$r"; share "$r"
  mkdir -p "$r/.old"; cd "$r" || exit; pivot_root . .old; cd /; umount -l /.old; rmdir /.old
  hostname "spark$i"; export HOME=/root PATH=$SYSPATH LANG=C.UTF-8
  getent passwd spark >/dev/null || { getent group docker >/dev/null || groupadd docker
    useradd -u 1500 -U -M -d /home/spark -s /bin/bash -p '*' -G docker spark; }
  /usr/sbin/sshd -D -e > /var/log/sshd.log 2>&1 &
  if [ "$engine" != none ]; then dockerd > /var/log/dockerd.log 2>&1 & fi
  set +e; while :; do wait; sleep 1; done    # bash reaps orphans while it waits
}
over() { mkdir -p "$1/.work/$4" "$3"; mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/$4,workdir=$1/.work/$4" "$3"; }
devices() {
  local r=$1 n
  mount -t tmpfs -o mode=755 tmpfs "$r/dev"; mkdir -p "$r"/dev/{pts,shm,net,infiniband}
  set -- null 1 3 zero 1 5 full 1 7 random 1 8 urandom 1 9 tty 5 0 fuse 10 229 net/tun 10 200 infiniband/rdma_cm 10 122 \
    infiniband/uverbs0 231 192 infiniband/uverbs1 231 193 infiniband/uverbs2 231 194 infiniband/uverbs3 231 195
  while [ $# -gt 0 ]; do mknod -m 666 "$r/dev/$1" c "$2" "$3"; shift 3; done
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$r/dev/pts"; ln -s pts/ptmx "$r/dev/ptmx"
  for n in "fd /proc/self/fd" "stdin fd/0" "stdout fd/1" "stderr fd/2"; do ln -s "${n#* }" "$r/dev/${n% *}"; done
  mount -t tmpfs -o mode=1777 tmpfs "$r/dev/shm"
}
cgroup_mounts() {
  local c d
  if grep -q '^unified ' "$STATE/h$1/cgroups"; then mount -t cgroup2 cgroup2 "$2/sys/fs/cgroup"; return; fi
  mount -t tmpfs -o mode=755 tmpfs "$2/sys/fs/cgroup"
  while read -r c d; do
    d=$2/sys/fs/cgroup/${c#name=}; mkdir "$d"; mount -t cgroup -o "$c" cgroup "$d"
  done < "$STATE/h$1/cgroups"
}
share() {                                    # the machine's folders, while they can still be seen
  local d; [ -e "$STATE/shares" ] || return 0
  while read -r d; do mkdir -p "$1$d"; mount -o bind,ro "$d" "$1$d"; done < "$STATE/shares"
}
shareable() {                                # a folder that hides nothing of the host's own
  local d=$1
  [[ $d = /* && -d $d && $d != *$'\n'* ]] || die "--share wants the absolute path of a folder, not $d"
  [ "$(realpath "$d")" = "$d" ] || die "--share wants a path without symbolic links: $(realpath "$d")"
  case $d in
    /|/bin|/boot|/dev|/etc|/home|/lib*|/opt|/proc|/root|/run|/sbin|/sys|/tmp|/usr|/var|/var/lib|/var/tmp|/dev/*|/proc/*|/sys/*)
      die "--share would hide the host's own $d";;
  esac
}
