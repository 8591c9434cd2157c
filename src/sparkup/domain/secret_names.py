"""Which variables hold what nobody else may see, by their names and by what is in them."""

import re

SECRET_NAME = re.compile(
    r"(_TOKEN|_KEY|API_?KEYS?|PASSWD|_PASS|_PWD|_PAT|_CREDS|_AUTH)$|(^|_)SECRETS?(_|$)"
    r"|PASSWORD|PASSPHRASE|CREDENTIAL|^TOKEN$",
    re.IGNORECASE,
)
WITH_LOGIN = re.compile(r"://[^\s/?#]+@")  # a URL that says who asks: a proxy's, a package index's
PROXY_NAME = re.compile(r"_PROXY$", re.IGNORECASE)  # takes USER:PASSWORD@HOST without a scheme as well


def is_secret(name: str, value: str) -> bool:
    """Say whether a variable is a secret."""
    login = WITH_LOGIN.search(value) or (PROXY_NAME.search(name) and "@" in value)
    return bool(SECRET_NAME.search(name) or login)
