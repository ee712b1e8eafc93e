"""Receiving files: streamed to disk, counted on the way, and kept under the names they were sent with."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles

from registry.exceptions import TooLarge

# The form around the files: boundaries, part headers and the few fields.
ROOM_FOR_THE_FORM = 5 * 1024 * 1024


class UploadParser(BaseParser):
    """Files as multipart/form-data."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        """The fields and the files. TooLarge as soon as the limit is passed; what came until then is dropped."""
        request = (parser_context or {})["request"]
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            form, files = NamesKept(meta, stream, [CappedUpload(request)], "utf-8").parse()
        except TooManyFilesSent as error:
            raise TooLarge(f"More than {settings.UPLOAD_LIMIT_FILES} files were sent. Nothing was kept.") from error
        except MultiPartParserError as error:
            raise ParseError(f"The form can't be read: {error}") from error
        return DataAndFiles(form, files)


class NamesKept(MultiPartParser):
    """Leaves names as they were sent, folders included. They are checked before use, and never a path here."""

    def sanitize_file_name(self, file_name: str) -> str:
        """The name itself."""
        return file_name


class CappedUpload(TemporaryFileUploadHandler):
    """Writes each file to a temporary one, and ends the whole upload once it is over its limit."""

    taken = 0

    def handle_raw_input(
        self, input_data: Any, META: Mapping[str, Any], content_length: int, boundary: bytes, encoding: Any = None
    ) -> None:
        """The announced length can end it before the first byte."""
        if content_length > settings.UPLOAD_LIMIT_BYTES + ROOM_FOR_THE_FORM:
            raise over_limit()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count and write."""
        self.taken += len(raw_data)
        if self.taken > settings.UPLOAD_LIMIT_BYTES:
            raise over_limit()
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile:
        """The file, with the name it was sent with in `sent_as`: its own `name` has lost its folders."""
        file: Any = super().file_complete(file_size)
        file.sent_as = self.file_name  # read by the address that takes artifacts
        return file


def over_limit() -> TooLarge:
    """What an upload that is too large is answered with."""
    return TooLarge(f"The upload is over its limit of {settings.UPLOAD_LIMIT_BYTES:,} bytes. Nothing was kept.")
