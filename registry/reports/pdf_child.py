"""The process that draws one PDF: `python -m registry.reports.pdf_child`, HTML and attachments in, bytes out.

It has limits on memory and time, knows no address of any service, and follows `data:` addresses only.
"""

import base64
import json
import resource
import sys
from typing import Any

MEMORY_BYTES = 1024**3
CPU_SECONDS = 60
# The variant that lets any kind of file travel inside the PDF and still be archived for decades.
VARIANT = "pdf/a-3b"


def limit() -> None:
    """Bound what the process can use before it imports anything large."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def draw(job: dict[str, Any]) -> bytes:
    """The PDF of a job."""
    from weasyprint import HTML, Attachment  # noqa: PLC0415 - after the limits are set
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - the same

    class NothingFromOutside(URLFetcher):  # type: ignore[misc]
        """Follows `data:` and nothing else: no file, no network, no relative name."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=("data",), allow_redirects=False)

    fetcher = NothingFromOutside()
    attachments = [
        Attachment(
            string=base64.b64decode(each["content"]),
            name=each["name"],
            description=each["description"],
            relationship="Data",
            url_fetcher=fetcher,
        )
        for each in job["attachments"]
    ]
    page = HTML(string=job["html"], base_url=None, url_fetcher=fetcher)
    return bytes(page.write_pdf(attachments=attachments, pdf_variant=VARIANT))


def main() -> None:
    """Read a job, write a PDF."""
    limit()
    sys.stdout.buffer.write(draw(json.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
