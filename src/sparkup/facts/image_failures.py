"""What a step of an image's build says when it fails, and the remedy."""

from sparkup.facts.known_failure import known

# In the order in which they count: what runs out makes programs say all sorts of things after it.
IMAGE_FAILURES = (
    known(
        "F27",
        r"Killed signal terminated program|died due to signal 9|exit code: 137|^Killed$"
        r"|(?i:out of memory)|Cannot allocate memory|virtual memory exhausted",
        "memory ran out while it compiled: stop what else needs memory, or compile fewer things at once (-j)",
    ),
    known(
        "",
        r"(?i)no space left on device|disk quota exceeded",
        "the disk is full: sparkup images prune says what can go, and removes it",
    ),
    known(
        "",
        r"no wheels with a matching\s+platform tag",
        "there is no wheel for this kind of processor: on some days one is not built; build from source"
        " (leave out --use-wheels), or take the last release (--use-wheels release)",
    ),
    known(
        "",
        r"\b403\b.*Forbidden|returned error: 403|HTTP error 403",
        "a server refused the download (403): it limits how much one may fetch, or a proxy stands in the"
        " way; wait and build again, what was fetched is kept",
    ),
    known(
        "",
        r"(?i)could not resolve|temporary failure in name resolution|\blookup \S+( on \S+)?:",
        "no name server knows that name: is the host on the internet, and is a proxy needed? The build takes"
        " the proxy variables of the host's login",
    ),
    known(
        "",
        r"(?i)timed out|timeout",
        "a download took too long: build again, what was fetched is kept; or is a proxy needed?",
    ),
    known(
        "",
        r"(?i)connection refused|couldn't connect to server|connection reset|unable to access",
        "a server did not answer, or broke off: build again, what was fetched is kept; or is a proxy needed?",
    ),
    known(
        "",
        r"(?i)certificate verify failed|unable to get local issuer|x509:",
        "a server showed a certificate that nobody vouches for: a proxy of your network may open connections",
    ),
)
