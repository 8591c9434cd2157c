"""A user whose launches run in containers of the real docker or podman, on a simulated host."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simhosts.hosts import CONTROL, Testbed
from tests.user import FAKES, ROOT, Json, User
from tests.waiting import until

IMAGE = "base:1"
RECORDED = ROOT / "tests" / "fixtures" / "engine_log"
MODEL = "/root/model"
PATH = f"{FAKES}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOUNTS = tuple(f"{path}:{path}:ro" for path in (FAKES.parent, RECORDED, MODEL))
FAKE_ENGINE = (*(word for mount in MOUNTS for word in ("-v", mount)), "-e", f"PATH={PATH}")
STATE = "/var/lib/sparkup"


@dataclass(frozen=True, slots=True)
class Docked(User):
    """The command line at the control workstation, led to containers of the first host."""

    bed: Testbed | None = None
    login: str = "spark1"  # how SSH reaches the host: USER@HOST for another user of it
    state_there: str = STATE
    engine: str = "docker"

    @property
    def where(self) -> str:
        """Return the host of launches, as the command line calls it."""
        return self.login

    @property
    def model(self) -> str:
        """Return a folder of the host that is a model."""
        return MODEL

    @property
    def control(self) -> User:
        """Return the same at the control workstation, whose words are led nowhere."""
        return User(self.home, self.variables, self.before)

    def typed(self, words: Sequence[str], env: Mapping[str, str] | None) -> tuple[list[str], dict[str, str]]:
        """Return a command line with the host; what a test has in its environment, the container gets."""
        return User.typed(self, self._led(words, env), None)

    def there(self, *argv: str, given: str | None = None, check: bool = True) -> str:
        """Return what a command of root prints on the host."""
        assert self.bed is not None
        return self.bed.exec(1, argv, stdin=given, check=check, timeout=120).stdout

    def containers(self, form: str = "") -> list[str]:
        """Return the containers of launches, running or not."""
        label = "label=sparkup.attempt"
        state = "{{.State}}" if self.engine == "docker" else "{{.ListContainer.State}}"
        form = form or "{{.Names}} " + state
        return self.there(self.engine, "ps", "--all", "--filter", label, "--format", form).splitlines()

    def names(self) -> list[str]:
        """Return the names that have a folder of state."""
        return self.there("ls", f"{self.state_there}/launches", check=False).split()

    def processes(self) -> list[str]:
        """Return the command lines of what the host runs of launches."""
        pattern = "fakes/bin/vllm|VLLM::|node-.*pyz start|node.pyz inside|(docker|podman) start --attach"
        found = self.there("pgrep", "-af", pattern, check=False).splitlines()
        return [line for line in found if "pgrep" not in line]

    def nothing_is_left(self) -> None:
        """AssertionError if something of a launch is still there: containers, processes, or its name."""
        until(lambda: not self.processes(), f"{self.processes()} have ended", 5)
        assert self.containers() == []
        assert self.names() == []

    @contextmanager
    def holding(self, port: int) -> Iterator[None]:
        """Listen on a port of the host."""
        listen = f"s = socket.create_server(('127.0.0.1', {port})); print(1, flush=True)"
        code = f"import signal, socket; {listen}; signal.pause()"
        assert self.bed is not None
        words = self.bed.argv(1, ["python3", "-c", code])
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield
            process.kill()

    def clear(self) -> None:
        """Take away what a test has left, whatever that is."""
        self.there(
            "sh",
            "-c",
            f"{self.engine} ps -aq | xargs -r {self.engine} rm -f; pkill -9 -f '[n]ode-.*pyz start';"
            "rm -rf /var/lib/sparkup /home/spark/.local/state/sparkup",
            check=False,
        )

    def _led(self, words: Sequence[str], env: Mapping[str, str] | None) -> tuple[str, ...]:
        cut = list(words).index("--") if "--" in words else len(words)
        verb, options, rest = words[0], words[1:cut], words[cut:]
        led: tuple[str, ...] = (verb, "--host", self.login)
        if verb == "launch":
            given = tuple(word for name, value in (env or {}).items() for word in ("-e", f"{name}={value}"))
            image = () if "-t" in options else ("-t", IMAGE, *FAKE_ENGINE)
            # docker is chosen by itself
            engine = () if self.engine == "docker" else ("--engine", self.engine)
            led = (*led, *engine, *image, *given)
        return (*led, *options, *rest)


def prepare(bed: Testbed, engine: str = "docker") -> None:
    """Give all hosts a model and the same small image with Python."""
    make_image(bed, IMAGE, engine=engine)
    for number in (each.number for each in bed.hosts):
        give_model(bed, number)
        if number > 1:
            copy_image(bed, IMAGE, number, engine)


def give_model(bed: Testbed, number: int) -> None:
    """Give a host a model that users in containers may read."""
    bed.exec(number, ["mkdir", "-p", MODEL])
    bed.exec(number, ["tee", f"{MODEL}/config.json"], stdin="{}")
    bed.exec(number, ["chmod", "a+rx", "/root"])


def copy_image(bed: Testbed, name: str, number: int, engine: str) -> None:
    """Give another host the image of the first: made anew it would be another one."""
    save, load = bed.argv(1, [engine, "save", name]), bed.argv(number, [engine, "load"])
    with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
        subprocess.run(load, stdin=saved.stdout, capture_output=True, check=True, timeout=120)
    assert saved.returncode == 0


def make_image(bed: Testbed, name: str, packages: Sequence[str] = (), engine: str = "docker") -> None:
    """Make an image of packages of this machine on a host."""
    words = bed.argv(1, [engine, "import", "-c", 'CMD ["bash"]', "-", name])
    make = (str(ROOT / "tests" / "testbed" / "mkbase"), *packages)
    with subprocess.Popen(make, stdout=subprocess.PIPE) as made:
        subprocess.run(words, stdin=made.stdout, capture_output=True, check=True, timeout=120)
    assert made.returncode == 0


@contextmanager
def docked(
    bed: Testbed, home: Path, login: str = "spark1", state: str = STATE, engine: str = "docker"
) -> Iterator[Docked]:
    """Be somebody at the control workstation for the time of a `with`; afterwards the host is empty."""
    home.mkdir()
    before = tuple(bed.argv(CONTROL, []))
    user = Docked(home, before=before, bed=bed, login=login, state_there=state, engine=engine)
    try:
        yield user
    finally:
        user.close()
        user.clear()


def rows(user: Docked) -> list[Json]:
    """Return what status says of all launches."""
    found: list[Json] = json.loads(user.run("status", "--json").out)["launches"]
    return found
