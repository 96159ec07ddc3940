"""The clock's web server: ``python -m clock_app PORT``."""

import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

PAGE = """<!doctype html>
<title>Clock</title>
<style>body {{ font: 3rem sans-serif; text-align: center; margin-top: 20vh }}</style>
<p>{time} UTC</p>
<script>setTimeout(() => location.reload(), 1000)</script>
"""


class Clock(BaseHTTPRequestHandler):
    """Tells the time."""

    def do_GET(self) -> None:
        """Any path is the clock."""
        body = PAGE.format(time=time.strftime("%H:%M:%S", time.gmtime())).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("127.0.0.1", int(sys.argv[1])), Clock).serve_forever()
