"""What builds of stand-ins fetch beside repositories: files of a folder, and which release is the newest."""

import http.server
import sys
from functools import partial

NEWEST = "/releases/tag/v1.0"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, whose folders are listed as indexes list wheels."""

    def do_GET(self) -> None:
        """Send to the newest release who asks for the latest."""
        if self.path != "/releases/latest":
            super().do_GET()
            return
        self.send_response(302)
        self.send_header("Location", NEWEST)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    address, port, folder = sys.argv[1:]
    server = http.server.ThreadingHTTPServer((address, int(port)), partial(Handler, directory=folder))
    server.serve_forever()
