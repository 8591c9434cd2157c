"""What docker prints: `docker info` as text or JSON, why it did not start a container, an image's banner."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkup.facts.build_failures import BUILD_FAILURES
from sparkup.facts.command_failures import COMMAND_FAILURES
from sparkup.facts.known_failure import recognise

# What says that docker refused or failed, in the words of its versions 20.10 to 29 and of what it runs.
_ERROR = re.compile(
    r"error response from daemon|permission denied while trying to connect|docker: error|^error:"
    r"|cannot connect to the docker daemon|failed to connect to the docker API|docker daemon running"
    r"|docker: command not found|nvidia-cuda-mps-control|unknown or invalid runtime"
    r"|could not select device driver|address already in use|port is already allocated|already in use by"
    r"|using requested mode 'cdi'|exec format error|toomanyrequests|no space left on device"
    r"|libnvidia-ml\.so|NVIDIA Driver was not detected|no such (?:image|container)|manifest unknown",
    re.IGNORECASE | re.MULTILINE,
)
_CODES: Mapping[str, str] = {  # known failure → code of sparkup's errors
    "F50": "no-engine",
    "F51": "no-gpu-in-container",
    "F52": "no-gpu-in-container",
    "F53": "no-gpu-in-container",
    "F58": "wrong-architecture",
    "F59": "no-gpu-in-container",
    "F77": "no-disk",
}
_OTHER_CODES = (
    (r"address already in use|port is already allocated", "port-taken"),
    (r"name .* is already in use", "name-taken"),
    (
        r"cannot connect to the docker daemon|docker daemon running|failed to connect to the docker",
        "no-engine",
    ),
    (r"docker: command not found", "no-engine"),
    (r"no such image|manifest unknown|pull access denied", "image-not-found"),
    (r"no space left on device", "no-disk"),
)
_ROW = re.compile(r"^(\s*)([A-Z][\w ()./-]*?): ?(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Docker:
    """What is known of a docker. `nvidia`: it has the runtime of that name; `cdi`: it takes CDI devices.

    `error` is why it did not answer or start something; `failure` the known failure that it is, `code` that
    of sparkup's errors, `hint` what to do.
    """

    version: str | None = None
    runtimes: tuple[str, ...] | None = None
    default_runtime: str | None = None
    nvidia: bool | None = None
    cdi: bool | None = None
    cdi_folders: tuple[str, ...] | None = None
    cdi_devices: tuple[str, ...] | None = None
    root: str | None = None
    storage_driver: str | None = None
    cgroup_version: str | None = None
    architecture: str | None = None
    cuda: str | None = None  # of an image, as its banner says
    error: str | None = None
    failure: str | None = None
    code: str | None = None
    hint: str | None = None


def parse(text: str) -> Docker | None:
    """Read what docker printed; None for another text."""
    if (info := _object(text)) is not None:
        return _of_json(*info)
    if re.search(r"^\s*(Server Version|Runtimes|Docker Root Dir): ", text, re.MULTILINE):
        return _of_text(text)
    if _ERROR.search(text):
        return _of_error(text)
    if banner := re.search(r"^CUDA Version ([\d.]+)", text, re.MULTILINE):
        return Docker(cuda=banner[1])
    return None


def _object(text: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the object that a text begins with, and what comes after it: an error, as some versions do."""
    try:
        value, end = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return None
    return (value, text.lstrip()[end:]) if isinstance(value, dict) else None


def _of_json(info: Mapping[str, Any], rest: str) -> Docker | None:
    """Read `docker info --format json` or its member Runtimes alone."""
    if info and all(isinstance(each, dict) for each in info.values()) and "runc" in " ".join(info):
        info = {"Runtimes": info}
    if not info.keys() & {"Runtimes", "ServerVersion", "ServerErrors", "CDISpecDirs"}:
        return None
    if "ServerVersion" in info and not info["ServerVersion"]:
        errors = "\n".join(map(str, info.get("ServerErrors") or ())) or rest.strip()
        return _of_error(errors or "Cannot connect to the Docker daemon.")
    runtimes, folders = info.get("Runtimes"), info.get("CDISpecDirs")
    devices = info.get("DiscoveredDevices")
    return _known(
        None if runtimes is None else tuple(runtimes),
        None if folders is None and "ServerVersion" not in info else tuple(folders or ()),
        version=info.get("ServerVersion") or None,
        default_runtime=info.get("DefaultRuntime") or None,
        cdi_devices=None if devices is None else tuple(str(each.get("ID")) for each in devices),
        root=info.get("DockerRootDir") or None,
        storage_driver=info.get("Driver") or None,
        cgroup_version=info.get("CgroupVersion") or None,
        architecture=info.get("Architecture") or None,
    )


def _of_text(text: str) -> Docker:
    values: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    name, depth = "", 0
    for line in text.splitlines():
        row = _ROW.match(line)
        if row and not (name and len(row[1]) > depth and name in _LISTS):
            name, depth = row[2], len(row[1])
            values.setdefault(name, row[3])
        elif name and line.strip():
            below.setdefault(name, []).append(line.strip())
    runtimes = values.get("Runtimes")
    # Only a daemon whose CDI is on names the folders of specifications (docker 25 and later).
    return _known(
        None if runtimes is None else tuple(runtimes.split()),
        tuple(below.get("CDI spec directories", ())) if "Server Version" in values else None,
        version=values.get("Server Version") or None,
        default_runtime=values.get("Default Runtime") or None,
        cdi_devices=tuple(row.removeprefix("cdi: ") for row in below["Discovered Devices"])
        if "Discovered Devices" in below
        else None,
        root=values.get("Docker Root Dir") or None,
        storage_driver=values.get("Storage Driver") or None,
        cgroup_version=values.get("Cgroup Version") or None,
        architecture=values.get("Architecture") or None,
    )


_LISTS = ("CDI spec directories", "Discovered Devices")


def _known(
    runtimes: Sequence[str] | None,
    folders: Sequence[str] | None,
    **members: Any,  # noqa: ANN401
) -> Docker:
    return Docker(
        runtimes=None if runtimes is None else tuple(runtimes),
        nvidia=None if runtimes is None else "nvidia" in runtimes,
        cdi=None if folders is None else bool(folders),
        cdi_folders=None if folders is None else tuple(folders),
        **members,
    )


def _of_error(text: str) -> Docker:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    error = next((line for line in lines if _ERROR.search(line)), lines[0])
    failure, hint = recognise(text, (*COMMAND_FAILURES, *BUILD_FAILURES))
    other = (code for pattern, code in _OTHER_CODES if re.search(pattern, text, re.IGNORECASE))
    cuda = re.search(r"^CUDA Version ([\d.]+)", text, re.MULTILINE)
    return Docker(
        cuda=cuda[1] if cuda else None,
        error=error,
        failure=failure or None,
        code=_CODES.get(failure) or next(other, None),
        hint=hint or None,
    )
