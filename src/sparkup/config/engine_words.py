"""Further words for `docker run`: split as a shell does; what would break or betray a launch is refused."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from sparkup.config.engine_secrets import secrets
from sparkup.config.problems import Problems
from sparkup.domain.container import PROGRAM

NETWORK = "without -p the container is on the host's network, with -p on one of its own"
USER = "the command runs as the user of the image; our supervisor is root in the container"
PORT = "give it to sparkup: -p PORT_HERE:PORT_IN_THE_CONTAINER"
PORTS = "name each port: -p PORT_HERE:PORT_IN_THE_CONTAINER"
BEHIND = (
    "leave it out: a launch runs behind no terminal; look at it with sparkup logs, go in with sparkup exec"
)
FOLDER = (
    "leave it out: the command begins in the image's working directory, or where a shell goes: sh -c 'cd ...'"
)
# What a launch decides itself, and what to do instead.
OWNED = {
    "--name": "name the launch: sparkup launch --name NAME",
    "--replace": "name the launch: sparkup launch --name NAME",
    "--network": NETWORK,
    "--net": NETWORK,
    "--entrypoint": "the command after -- replaces it; --keep-entrypoint keeps the image's",
    **dict.fromkeys(("--user", "-u"), USER),
    "--group-add": USER,
    **dict.fromkeys(("--workdir", "-w"), FOLDER),
    "--restart": "a launch that ends stays ended; start it again with sparkup launch",
    "--rm": "it is removed with its launch: sparkup stop",
    **dict.fromkeys(("--publish", "-p"), PORT),
    **dict.fromkeys(("--publish-all", "-P"), PORTS),
    **dict.fromkeys(("--detach", "-d", "--attach", "-a"), BEHIND),
    **dict.fromkeys(("--interactive", "-i", "--tty", "-t"), BEHIND),
    "--cidfile": "leave it out: sparkup status says which container it is",
    "--label-file": "give each label: --label NAME=VALUE",
    "--stop-signal": "leave it out: sparkup stop ends the command, and all that it has started",
    "--stop-timeout": "leave it out: sparkup stop ends the command, and all that it has started",
    "--init": "leave it out: our supervisor is the first process, and reaps what ends",
    "--pull": "an image is never fetched by a launch; fetch it before: docker pull IMAGE",
    "--help": "see what there is: docker run --help",
    "--": "leave it out: the image and the command follow the options; name the image with -t",
}
LABEL, VOLUME = ("--label", "-l"), ("--volume", "-v")
FLAGS = (
    "diqtP"  # the short options of docker run that take no value; others may stand behind them in one word
)
PLACE = re.compile(r"(?:^|\b(?:target|dst|destination)=)(/[^,:]*)")
TMPFS = re.compile(r"\btype=tmpfs\b")  # gone with its container, as is a volume without a name
OURS = posixpath.dirname(PROGRAM)
HIDDEN = "mount it elsewhere: that is where sparkup's own program and state are"
ABOVE = (
    "mount it elsewhere, or what is in it one by one: the engine would make folders of root's in it, "
    f"to have sparkup's own program in {OURS}"
)


def split(text: str, origin: str, problems: Problems) -> list[str]:
    """Return the words; notes what is wrong with them."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        problems.add(f"{origin} cannot be split into words: {error}", "close each quotation mark")
        return []
    if words and not words[0].startswith("-"):
        problems.add(
            f"{origin} begins with {words[0]!r}, which is no option",
            "options of docker run go there; name the image with -t",
        )
    for name, value in _options(words):
        if name in OWNED:
            problems.add(f"{name} in {origin} contradicts what sparkup does", OWNED[name])
        if name in LABEL and value.startswith("sparkup."):
            problems.add(f"{name} sparkup.* in {origin} contradicts what sparkup does", "name it otherwise")
        _check_place(name, value, origin, problems)
    values = (value for _, value in _options(words))
    for what, instead in sorted({*secrets((*(word for word in words if word[:1] != "-"), *values))}):
        problems.add(f"{what} in {origin} could not be hidden: all users see arguments", instead)
    return words


def volumes(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the mounts that -v and --volume ask for, however they are spelled, and all other words."""
    values, others, left = [], [], list(words)
    while left:
        word, *left = left
        options = _taken_apart(word, left[0] if left else "")
        name, value, apart = options[-1] if options else ("", "", False)
        if name in VOLUME and ":" in value:  # without a colon it has no source
            values.append(value)
            others += [flag for flag, _, _ in options[:-1]]
            left = left[apart:]
        else:
            others.append(word)
    return values, others


def is_ours(target: str) -> bool:
    """Say whether a path in the container is where our program and the state are, or below."""
    path = posixpath.normpath(f"/{target.lstrip('/')}")
    return f"{path}/".startswith(f"{OURS}/")


def is_above(target: str) -> bool:
    """Say whether a path in the container has the place of our program and the state in it."""
    path = posixpath.normpath(f"/{target.lstrip('/')}")
    return path != OURS and OURS.startswith(f"{path.rstrip('/')}/")


def _check_place(name: str, value: str, origin: str, problems: Problems) -> None:
    """Note an option, other than a mount with a source, that puts something in the place of ours or above."""
    if name not in ("--tmpfs", "--mount", *VOLUME) or (name in VOLUME and ":" in value):
        return
    places = PLACE.findall(value)
    if any(map(is_ours, places)):
        problems.add(f"{name} in {origin} would hide {OURS} of the container", HIDDEN)
    elif name == "--mount" and not TMPFS.search(value) and any(map(is_above, places)):
        problems.add(f"{name} in {origin} would have {OURS} of the container in it", ABOVE)


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each option with what may be its value; one that looks like an option is taken for it too."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        for name, value, _ in _taken_apart(word, following):
            yield name, value


def _taken_apart(word: str, following: str) -> list[tuple[str, str, bool]]:
    """Return the options in a word, each with its value and whether that is the following word."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return [(name, value if equals else following, not equals)]
    found: list[tuple[str, str, bool]] = []
    letters = word[1:] if word.startswith("-") else ""
    for place, letter in enumerate(letters, 1):
        rest = letters[place:]
        if letter not in FLAGS or rest.startswith("="):
            return [*found, (f"-{letter}", rest.removeprefix("=") or following, not rest)]
        found.append((f"-{letter}", "", False))
    return found
