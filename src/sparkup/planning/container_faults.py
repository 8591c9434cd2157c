"""What container engines say of each fault that is known, the code of its error, and what next."""

# Where words for the engine may come from.
TAKES = "`docker run --help` says what --engine-args takes"
SIZE = "write a number with its unit behind it, as in 64g"
NVIDIA_RUNTIME = (
    "once: sudo nvidia-ctk runtime configure --runtime=docker, then sudo systemctl restart docker"
)
CDI = "once: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"

# (what docker 20.10 to 28, podman, runc and crun say; code; what next); {1} is the group in the pattern.
OF_THE_HOST = (
    (r"name .* is already in use", "name-taken", "choose another with --name, or remove that container"),
    (
        r"address already in use|port is already allocated",
        "port-taken",
        "publish another port with -p, or end what has it",
    ),
    (r"unresolvable CDI devices", "no-gpu-in-container", CDI),  # podman
    (
        r"Using requested mode 'cdi'|nvidia\.com/gpu|device driver \"cdi\"",
        "no-gpu-in-container",
        f"{CDI}; docker takes it since version 25",
    ),
    (
        r"untime (name|specified):? nvidia|could not select device driver",
        "no-gpu-in-container",
        NVIDIA_RUNTIME,
    ),
    (
        r"nvidia-cuda-mps-control|libnvidia-ml\.so",
        "no-gpu-in-container",
        "snap's docker does not see the driver: install docker-ce or the packages of DGX OS",
    ),
    (
        r"exec format error|not match the specified platform",
        "wrong-architecture",
        "get an image that is built for this machine, and leave --platform out of --engine-args",
    ),
    (r"no space left on device|disk quota", "no-disk", "see what takes it: docker system df"),
    (
        r"permission denied while trying to connect|(annot|failed to) connect to the [Dd]ocker",
        "no-engine",
        "see that `docker info` works there without sudo",
    ),
)
OF_THE_WORDS = (
    (
        r"cannot assign requested address",
        "bad-option",
        "give -p an address that the host has (`ip address` shows them), or none for 127.0.0.1",
    ),
    (
        r"device error: .*unknown device",
        "bad-option",
        "the host has fewer GPUs: leave --gpus out of --engine-args, a container gets all there are",
    ),
    (r"[Uu]nknown (or invalid )?runtime", "bad-option", "see which runtimes there are: docker info"),
    (r"OCI runtime \"\S+ not found", "bad-option", "see which runtimes there are: docker info"),
    (r"gathering device information|stat /dev/", "bad-option", "see which devices the host has: ls /dev"),
    (r"bad mode specified", "bad-option", "write --device PATH[:PATH_INSIDE[:rwm]]"),
    (
        r"bind source path does not exist|statfs .*: no such file",
        "mount-not-found",
        "check the path on that host",
    ),
    (
        r"invalid argument .* for \"(?:-\w, )?(--[a-z-]+)\" flag",
        "bad-option",
        "`docker run --help` says what {1} takes",
    ),
    (
        r"cannot set shmsize",
        "bad-option",
        "leave --shm-size out of --engine-args, or add --ipc private",
    ),
    (
        r"is not an absolute path|mount path must be absolute",
        "bad-option",
        "write whole paths, as in --device /dev/fuse or --tmpfs /PATH",
    ),
    (
        r"cannot set hostname when|hostname and the UTS mode",
        "bad-option",
        "leave --uts or --hostname out of --engine-args: with the host's UTS namespace it has that name",
    ),
    (
        r"network-scoped aliases are only|--network-alias can only be set",
        "bad-option",
        "leave --network-alias out of --engine-args: the engine takes it with networks of one's own alone",
    ),
    (
        r"create \S+: volume name is too short",
        "bad-option",
        "name the volume with two characters at least",
    ),
    (
        r"mounting .*read-only file system",
        "bad-option",
        "no folder can be made in what is mounted read only: make it there before, or leave :ro out",
    ),
    (
        r"invalid (volume|mount|config)|incorrect volume format|Duplicate mount",
        "bad-option",
        "`docker run --help` says what -v, --mount and --tmpfs take",
    ),
    (
        r"must set volume destination|invalid filesystem type|incorrect mount format",
        "bad-option",
        "write --mount type=bind,source=/PATH,target=/PATH_INSIDE",
    ),
    (r"tmpfs option|must be an absolute path", "bad-option", "write --tmpfs /PATH[:OPTIONS]"),
    (
        r"^docker: open |parsing env file",
        "bad-option",
        "check the path of --env-file on that host, and that you may read it",
    ),
    (r"poorly formatted environment", "bad-option", "write only lines NAME=VALUE into that --env-file"),
    (
        r"inimum memory ?(?:swap)? ?limit|set memory limit",
        "bad-option",
        "give --memory more than the program needs to start, and --memory-swap at least as much",
    ),
    (
        r"fork/exec .*: resource temporarily unavailable|can't start new thread",
        "bad-option",
        "give --pids-limit more, for each thread counts, or see what runs on that host",
    ),
    (
        r"[Rr]ange of CPUs|[Rr]equested CPUs are not available|for cpuset",
        "bad-option",
        "see how many processors the host has: nproc",
    ),
    (r"unknown capability", "bad-option", "write it as capabilities(7) does, as in --cap-add SYS_NICE"),
    (
        r"(?i)logging plugin|log driver|logging driver|logging opts|initialize journal",
        "bad-option",
        "leave --log-driver and --log-opt out: sparkup keeps all of the output itself",
    ),
    (
        r"sysctl .* (?:not allowed|can't be set)|open /proc/sys/",
        "bad-option",
        "leave --sysctl out: on the host's network those of the host hold, set with `sudo sysctl -w`",
    ),
    (
        r"(?i)(?:ipc|pid|user|uts) mode|unrecognized namespace mode",
        "bad-option",
        "`docker run --help` says what --ipc, --pid, --userns and --uts take",
    ),
    (
        r"[Nn]o such container|no container with name",
        "bad-option",
        "see which containers there are: docker ps --all",
    ),
    (r"storage.opt", "bad-option", "leave --storage-opt out: the disk of that host cannot do it"),
    (r"oom.score.adj", "bad-option", "give --oom-score-adj a number from -1000 to 1000"),
    (r"invalid size", "bad-option", SIZE),
    (r"(?i)mac address|ip address|add-host", "bad-option", TAKES),
    (r"(?i)invalid isolation", "bad-option", "leave --isolation out: there is one kind on Linux"),
    (r"(?i)invalid --security-opt|ulimit option|unable to find user", "bad-option", TAKES),
    (
        r"unknown shorthand flag: 'I' in -I$",  # the first word after the image, taken for an option
        "bad-option",
        "the last option in --engine-args lacks its value",
    ),
    (r"unknown (flag|shorthand)", "bad-option", TAKES),
    (
        r"executable file not found|exec: .*(permission denied|no such file)",
        "command-not-found",
        "the program must be in the image, and on its PATH; --engine host takes the host's",
    ),
    (r"[Nn]o such image|image not known", "image-not-found", "see what there is: docker image ls"),
)
KNOWN = (*OF_THE_HOST, *OF_THE_WORDS)
