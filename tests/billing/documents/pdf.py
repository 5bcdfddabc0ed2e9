"""A PDF as a reader opens it, by a library that did not write it."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader


def open_pdf(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content), strict=True)


def text_of(content: bytes) -> str:
    """Everything that the pages say, with each run of space as one."""
    return " ".join(" ".join(page.extract_text() for page in open_pdf(content).pages).split())
