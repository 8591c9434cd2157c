"""systemd-run: a scope of its own for a launch, and the limits the kernel holds it to."""

from collections.abc import Sequence


def scope(
    argv: Sequence[str], unit: str, properties: Sequence[tuple[str, str]], user_manager: str
) -> tuple[str, ...]:
    """Return argv run in a scope unit.

    `user_manager` is the runtime directory of a user's manager, "" for the system's.

    A scope keeps standard input and the environment (systemd-run(1)); --collect forgets a failed one.
    """
    limits = [word for name, value in properties for word in ("-p", f"{name}={value}")]
    run = ["systemd-run", "--scope", "--quiet", "--collect", f"--unit={unit}", *limits]
    if user_manager:
        run = ["env", f"XDG_RUNTIME_DIR={user_manager}", *run, "--user"]
    return (*run, "--", *argv)
