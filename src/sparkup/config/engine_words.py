"""Further words for `docker run`: split as a shell does; what would break or betray a launch is refused."""

import re
import shlex
from collections.abc import Iterator, Sequence

from sparkup.config.problems import Problems
from sparkup.domain.secret_names import is_secret

NETWORK = "without -p the container is on the host's network, with -p on one of its own"
# What a launch decides itself, and what to do instead.
OWNED = {
    "--name": "name the launch: sparkup launch --name NAME",
    "--network": NETWORK,
    "--net": NETWORK,
    "--entrypoint": "the command after -- replaces it; --keep-entrypoint keeps the image's",
    "--user": "the command runs as the user of the image; our supervisor is root in the container",
    "-u": "the command runs as the user of the image; our supervisor is root in the container",
    "--restart": "a launch that ends stays ended; start it again with sparkup launch",
    "--rm": "it is removed with its launch: sparkup stop",
    "--publish": "give it to sparkup: -p PORT_HERE:PORT_IN_THE_CONTAINER",
    "-p": "give it to sparkup: -p PORT_HERE:PORT_IN_THE_CONTAINER",
    "--publish-all": "name each port: -p PORT_HERE:PORT_IN_THE_CONTAINER",
    "-P": "name each port: -p PORT_HERE:PORT_IN_THE_CONTAINER",
}
ENV, VOLUME = ("--env", "-e"), ("--volume", "-v")
AS_OURS = re.compile(r"[^:]+:/[^:]+(:(ro|rw))?")  # with other options behind a path docker is to judge


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
        variable, equals, said = value.partition("=")
        if name in ENV and equals and said and is_secret(variable, said):
            problems.add(
                f"{variable} in {origin} could not be hidden: all users see arguments",
                f"leave it out, and give it so instead: sparkup launch -e {variable}=...",
            )
    return words


def volumes(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the values of -v and --volume that our -v takes as well, and all other words."""
    values, others, left = [], [], list(words)
    while left:
        name, _, value = left[0].partition("=")
        apart = left[0] in VOLUME and len(left) > 1
        value = left[1] if apart else value
        taken, left = left[: 1 + apart], left[1 + apart :]
        if name in VOLUME and AS_OURS.fullmatch(value):
            values.append(value)
        else:
            others += taken
    return values, others


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each option with what may be its value: behind =, the next word, or right behind -e."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if word.startswith("-e") and len(word) > len("-e"):
            yield "-e", word[len("-e") :].removeprefix("=")
        elif word.startswith("-"):
            yield name, value if equals else following
