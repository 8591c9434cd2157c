"""docker and podman: what names and removes images, and what empties the cache of builds."""

from sparkup.domain.launch import Engine


def tag(engine: Engine, image: str, name: str) -> tuple[str, ...]:
    """Return what gives an image a name, which is taken from the image that has it."""
    return (str(engine), "image", "tag", image, name)


def remove(engine: Engine, image: str) -> tuple[str, ...]:
    """Return what takes a name from an image, or removes one without; the engine refuses what is in use."""
    return (str(engine), "image", "rm", image)


def prune_cache(until: float) -> tuple[str, ...]:
    """Return what removes docker's cache of builds that was not used for so many seconds.

    With buildx it is that of the builder which this login builds with.
    """
    return ("docker", "builder", "prune", "--force", "--filter", f"until={until:.0f}s")
