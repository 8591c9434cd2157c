"""docker and podman: the argument vectors of their real command lines."""

from collections.abc import Iterator, Mapping, Sequence

from sparkup.domain.container import PROGRAM, STATE, Container, Mount
from sparkup.domain.launch import BEAT_KEY, Engine, Launch, Node

LOG_SIZE, LOG_FILES = 64 << 20, 3  # bytes, and how many of that size the engine keeps of a container's output
STOP_TIMEOUT = 40  # seconds until `docker stop` kills: our supervisor needs up to 30 to end a tree
TRUSTED = ("spec.json", "rank.json")  # of a launch's folder: there before its container is
GPU_DEVICE = "nvidia.com/gpu=all"  # of NVIDIA's CDI specification
# For a shell in a container: along PATH as the engine goes, with only what is built into any shell.
LOOKUP = """IFS=:; found=
case $1 in
*/*) [ ! -e "$1" ] || found=$1 ;;
*) for folder in $PATH; do
  [ -f "$folder/$1" ] || continue
  [ -x "$found" ] || found=$folder/$1
done ;;
esac
if [ -z "$found" ]; then echo missing
elif [ -d "$found" ] || [ ! -x "$found" ]; then echo unfit
else echo there; fi"""
# Of a container that is there: what `parse_containers` of facts/containers.py reads.
PS_FORMATS = {
    Engine.DOCKER: "{{.ID}}\t{{.State}}\t{{.Names}}\t"
    '{{.Label "sparkup.launch"}}\t{{.Label "sparkup.attempt"}}\t{{.Image}}\t'
    '{{.Label "sparkup.owner"}}\t{{.Label "sparkup.folder"}}\t{{.Label "sparkup.rank"}}',
    # Its 4.3 makes a sentence of .State and knows no .Label.
    Engine.PODMAN: "{{.ID}}\t{{.ListContainer.State}}\t{{.Names}}\t"
    '{{index .Labels "sparkup.launch"}}\t{{index .Labels "sparkup.attempt"}}\t{{.Image}}\t'
    '{{index .Labels "sparkup.owner"}}\t{{index .Labels "sparkup.folder"}}\t{{index .Labels "sparkup.rank"}}',
}


def run(launch: Launch, node: Node, program: str, root: str) -> tuple[str, ...]:
    """Return what starts a rank with our program as the first process of its container.

    `program` and `root` are where the program and the state are on the host. Only the launch's own
    folder is seen inside, under the path that it has below any root. The host acts on what two of its files
    say: nobody inside may write those.
    """
    container, folder, inside = _of(launch), _folder(launch, root), f"{STATE}/launches/{launch.name}"
    ours = (
        Mount(program, PROGRAM, read_only=True),
        Mount(folder, inside),
        *(Mount(f"{folder}/{file}", f"{inside}/{file}", read_only=True) for file in TRUSTED),
    )
    return (
        *_begin(launch, node, root, "run", "--detach"),
        *_binds(ours),
        *_mounts(container.mounts),
        # Root starts the command with the rights of the image's own user, and can always write the log.
        # The image's own signal to stop by may be one that our program does not hear.
        *("--user", "0:0", "--entrypoint", "python3", "--stop-signal", "SIGTERM"),
        *container.extra,
        container.image,
        # An engine that hung may start it when the name is another attempt's.
        *("-I", PROGRAM, "inside", launch.name, "--root", STATE, "--attempt", launch.attempt),
    )


def create(launch: Launch, node: Node, root: str) -> tuple[str, ...]:
    """Return what makes the container of an image that has no Python: the command is its first process.

    `root` is where the state is on the host.
    """
    container, argv = _of(launch), launch.argv
    entry = container.entrypoint or argv[:1]
    words = (*container.entrypoint[1:], *argv) if container.entrypoint else argv[1:]
    return (
        *_begin(launch, node, root, "create"),
        *_mounts(container.mounts),
        *("--entrypoint", entry[0]),
        *container.extra,
        container.image,
        *words,
    )


def enter(
    engine: Engine, container: str, argv: Sequence[str], *, tty: bool, user: str = ""
) -> tuple[str, ...]:
    """Return what runs a command in a running container, on this terminal with `tty`; `user`: not as root."""
    whose = ("--user", user) if user else ()
    return (str(engine), "exec", "-it" if tty else "-i", *whose, container, *argv)


def logs(
    engine: Engine, container: str, *, follow: bool, since: float | None, tail: int | None
) -> tuple[str, ...]:
    """Return what copies a container's output, both streams as one.

    `since` in seconds after the epoch, or, below 0, before now; `tail` in lines.
    """
    words = ["--follow"] if follow else []
    if since is not None:
        words += ["--since", f"{-since:.0f}s" if since < 0 else f"{since:.0f}"]
    if tail is not None:
        words += ["--tail", str(tail)]
    return ("sh", "-c", 'exec "$@" 2>&1', "sh", str(engine), "logs", *words, container)


def lookup(engine: Engine, container: str, name: str, user: str = "") -> tuple[str, ...]:
    """Return what says of a command in a running container whether it is there, missing or unfit."""
    whose = ("--user", user) if user else ()
    return (str(engine), "exec", *whose, container, "/bin/sh", "-c", LOOKUP, "sh", name)


def _of(launch: Launch) -> Container:
    if launch.container is None:
        raise ValueError(f"{launch.name} runs in no container")
    return launch.container


def _folder(launch: Launch, root: str) -> str:
    """Return the launch's own folder on the host."""
    return f"{root}/launches/{launch.name}"


def _begin(launch: Launch, node: Node, root: str, *verb: str) -> tuple[str, ...]:
    """Return a command line up to the mounts, all that is the same with and without our program."""
    return (
        str(launch.engine),
        *verb,
        *("--pull", "never", "--name", launch.name),
        *_labels(launch, node, root),
        *_network(_of(launch)),
        *_rights(_of(launch)),
        *gpus(_of(launch).gpus),
        *_log(launch.engine, _of(launch).extra),
        *("--stop-timeout", str(STOP_TIMEOUT)),
        *_variables(launch),
    )


def _labels(launch: Launch, node: Node, root: str) -> Iterator[str]:
    """Yield what finds a container again, also when its folder is gone; `owner`: all users share a daemon."""
    values = {
        "launch": launch.name,
        "attempt": launch.attempt,
        "rank": str(node.rank),
        "owner": str(node.owner),
        "folder": _folder(launch, root),
    }
    for name, value in values.items():
        yield from ("--label", f"sparkup.{name}={value}")


def _network(container: Container) -> Iterator[str]:
    if not container.ports:
        yield from ("--network", "host")
    for port in container.ports:
        yield from ("--publish", str(port))


def _rights(container: Container) -> tuple[str, ...]:
    """Return privileges, or the least that RDMA and NCCL need (pinned memory, shared memory), with limits."""
    limits = container.limits
    if limits is None:
        return ("--privileged", "--ipc", "host")
    return (
        *("--cap-add", "IPC_LOCK", "--ulimit", "memlock=-1:-1"),
        *(("--device", "/dev/infiniband") if container.infiniband else ()),
        *("--shm-size", str(limits.shm), "--memory", str(limits.memory)),
        *("--memory-swap", str(limits.swap), "--pids-limit", str(limits.tasks)),
    )


def gpus(way: str) -> tuple[str, ...]:
    """Return the words that give a container the GPUs, in the way that its engine can; none for ""."""
    kinds: Mapping[str, tuple[str, ...]] = {
        "all": ("--gpus", "all"),
        "runtime": ("--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=all"),
        "cdi": ("--device", GPU_DEVICE),
    }
    return kinds.get(way, ())


def _log(engine: Engine, extra: Sequence[str]) -> tuple[str, ...]:
    """Return how the engine keeps output: bounded, whatever its own default is, unless further words say how.

    Every driver has options of its own: docker refuses those of another one.
    """
    if any(word.partition("=")[0] == "--log-driver" for word in extra):
        return ()
    driver = "k8s-file" if engine is Engine.PODMAN else "json-file"
    size = ("--log-opt", f"max-size={LOG_SIZE >> 20}m")
    files = () if engine is Engine.PODMAN else ("--log-opt", f"max-file={LOG_FILES}")
    return ("--log-driver", driver, *size, *files)


def _variables(launch: Launch) -> Iterator[str]:
    """Yield the variables; a secret is only named, and taken from the environment of the command line.

    The key of the beats is no variable of a container: it is handed over (node/handing.py).
    """
    for name, value in launch.environment.plain.items():
        yield from ("--env", f"{name}={value}")
    for secret in launch.environment.secret:
        yield from () if secret.name == BEAT_KEY else ("--env", secret.name)


def _mounts(mounts: Sequence[Mount]) -> Iterator[str]:
    """Yield mounts in the form that takes any path but one with a colon."""
    for mount in mounts:
        options = ",".join(filter(None, ("ro" if mount.read_only else "", mount.label)))
        yield from ("--volume", f"{mount.source}:{mount.target}" + (f":{options}" if options else ""))


def _binds(mounts: Sequence[Mount]) -> Iterator[str]:
    """Yield mounts in the form that refuses a source that is gone: `--volume` makes a folder of root's there.

    An engine that hung may make the container when the launch's folder has been put away.
    """
    for mount in mounts:
        fields = ("type=bind", f"source={mount.source}", f"target={mount.target}")
        yield from ("--mount", ",".join(map(_field, fields)) + (",readonly" if mount.read_only else ""))


def _field(text: str) -> str:
    """Return a field of comma-separated values, quoted where it must be."""
    return '"' + text.replace('"', '""') + '"' if {*text} & {*',"'} else text
