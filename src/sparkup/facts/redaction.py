"""What a text may tell to others: addresses stay; who and which machine it is, and secrets, do not."""

import re
from collections.abc import Iterable

GONE = "REDACTED"
_SECRETS = (
    # a name that speaks of a secret, and its value
    re.compile(
        r"(?i)(\b[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|psk)[\w.-]*[\"']?\s*[:=]\s*)"
        r"(?!null\b)[\"']?[^\s\"',}]+[\"']?"
    ),
    re.compile(r"(?i)(\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}"),
    re.compile(r"()\b(?:hf_\w{8,}|sk-[\w-]{8,}|gh[pousr]_\w{8,}|glpat-[\w-]{8,})"),
    re.compile(r"(\w+://)[^\s/@:]+:[^\s/@]+(?=@)"),
)
_SERIALS = (
    re.compile(r"(?i)(serial[ _-]*(?:number|no\.?)?[ \t]*[\"']?[ \t]*[:=][ \t]*)[\"']?[^\s\"',]+[\"']?"),
    re.compile(r"(?i)(\bS/?N[ \t]*[:=][ \t]*)\S+"),
    re.compile(
        r"(\bsys_image_guid:\s*|\b(?:asset[_ ]tag|product_uuid|UUID:)[ \t]*[:=]?[ \t]*)(?!GPU-)[\w:-]+"
    ),
)
_HOMES = re.compile(r"(?<![\w.])/home/[^/\s:\"',]+")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_OCTET = "[0-9a-fA-F]{2}"
# The last 24 bits of a MAC tell one machine from another; they are in GUIDs and link-local addresses as well.
_MAC = re.compile(rf"(?<![\w:])((?:{_OCTET}[:-]){{3}})({_OCTET}[:-]{_OCTET}[:-]{_OCTET})(?![\w:])")
_EUI = re.compile(r"(?i)(?<![0-9a-f])([0-9a-f]{0,2}ff:fe)([0-9a-f]{2}:[0-9a-f]{4})(?![0-9a-f])")
_ALTERNATIVE = re.compile(r"(\benx[0-9a-f]{6})([0-9a-f]{6})\b")  # a name of an interface
_GUID = re.compile(r"(?i)(\b(?:0x)?[0-9a-f]{6}(?:0300|fffe))([0-9a-f]{6})\b")
_GUID_GROUPS = re.compile(r"(?i)(\b[0-9a-f]{4}:[0-9a-f]{2}03:00)([0-9a-f]{2}:[0-9a-f]{4})\b")


class Redactor:
    """Takes out of texts of one host what nobody else needs; a thing has one stand-in throughout."""

    def __init__(self, host_names: Iterable[str], users: Iterable[str] = ()) -> None:
        """Begin; the names are those of the host and of the user who asks."""
        self._hosts = _words(host_names)
        self._users = _words(users)
        self._known: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        """Return a text without secrets, serial numbers, names of the host and user, and ends of MACs."""
        for pattern in (*_SECRETS, *_SERIALS):
            text = pattern.sub(rf"\g<1>{GONE}", text)
        text = _HOMES.sub("/home/user", text)
        text = _UUID.sub(lambda match: f"00000000-0000-0000-0000-{self._number(match[0]):012x}", text)
        for pattern in (_MAC, _EUI, _GUID_GROUPS, _GUID, _ALTERNATIVE):
            text = pattern.sub(self._stand_in, text)
        for names, stand_in in ((self._hosts, "host"), (self._users, "user")):
            text = names.sub(stand_in, text) if names else text
        return text

    def _stand_in(self, match: re.Match[str]) -> str:
        """Return an end of a MAC with its digits replaced by a number, its punctuation kept."""
        digits = re.sub(r"[:-]", "", match[2])
        if set(digits.lower()) in ({"0"}, {"f"}):  # nobody's, everybody's
            return match[0]
        new = iter(f"{self._number(digits.lower()):0{len(digits)}x}")
        return match[1] + "".join(letter if letter in ":-" else next(new) for letter in match[2])

    def _number(self, word: str) -> int:
        return self._known.setdefault(word, len(self._known) + 1)


def _words(names: Iterable[str]) -> re.Pattern[str] | None:
    # "localhost" and a user "root" tell nothing, and stand in many a text as what they are.
    told = {name for name in names if len(name) > 1} - {"localhost", "root", "local", "host", "user"}
    longest = sorted(told, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest))})(?![\w-])") if longest else None
