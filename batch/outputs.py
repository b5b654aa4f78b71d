"""The two files a run leaves: results and rejects, opened before any work, kept at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batch.output_file import OutputFile
from batch.preparation import Reject
from batch.rejects import RejectsFile, stale_rejects
from batch.results import RowResult
from batch.rows import FileFormat
from batch.writers import PLAIN, CsvStyle, open_writer
from domain.errors import InvalidInputError

SUFFIXES = {
    FileFormat.CSV: ".csv",
    FileFormat.JSONL: ".jsonl",
    FileFormat.PARQUET: ".parquet",
}


class Outputs:
    """Takes the result of every row, in the order of the file."""

    def __init__(
        self,
        out: OutputFile,
        file_format: FileFormat,
        rejects: OutputFile,
        style: CsvStyle = PLAIN,
    ) -> None:
        """Begin both files.

        Raises:
            InvalidInputError: One of them cannot be written.
        """
        self._out = out
        self._rejects = rejects
        with _told(out):
            self._writer = open_writer(out, file_format, style)
        with _told(rejects):
            self._rejected = RejectsFile(rejects, style)

    @property
    def rejected(self) -> int:
        """How many rejects were written."""
        return self._rejected.count

    def write(self, result: RowResult) -> None:
        """Write one result where it belongs.

        Raises:
            InvalidInputError: The file cannot be written any more, such as for want of room.
        """
        if isinstance(result, Reject):
            with _told(self._rejects):
                self._rejected.write(result)
        else:
            with _told(self._out):
                self._writer.write(result)

    def finish(self) -> None:
        """Write what is held back; no result may follow."""
        with _told(self._out):
            self._writer.close()

    def abandon(self) -> None:
        """Let go of files that will be removed."""
        self._writer.abandon()


@contextmanager
def _told(output: OutputFile) -> Iterator[None]:
    """Say of a fault of the disk which file it hit."""
    try:
        yield
    except OSError as error:
        raise output.unwritable(error) from error


@contextmanager
def open_outputs(
    out: Path,
    file_format: FileFormat,
    rejects: Path,
    *,
    always_rejects: bool,
    style: CsvStyle = PLAIN,
) -> Iterator[Outputs]:
    """Give both files, which get their names when the ``with`` ends well, else vanish.

    Args:
        out: Where the results go.
        file_format: Their format.
        rejects: Where the rejects go, as CSV or JSON Lines by its name.
        always_rejects: The place was named: write that file without a reject too, and leave
            others alone. Otherwise what earlier runs left of rejects is removed at the end, in
            either format, so that it is not mistaken for this run's.
        style: Of CSV.

    Raises:
        InvalidInputError: A place cannot be written; found before anything is sent.
    """
    with OutputFile(out, "--out") as out_file, OutputFile(rejects, "--rejects") as rejects_file:
        outputs = Outputs(out_file, file_format, rejects_file, style)
        try:
            yield outputs
            outputs.finish()
        except BaseException:
            outputs.abandon()
            raise
        out_file.keep()
        if not always_rejects:
            remove_stale(rejects)
        if outputs.rejected or always_rejects:
            rejects_file.keep()


def remove_stale(rejects: Path) -> None:
    """Remove what earlier runs left of rejects at our own choice of a place.

    Raises:
        InvalidInputError: One of the files cannot be removed.
    """
    for path in stale_rejects(rejects):
        try:
            path.unlink()
        except OSError as error:
            got = f"{path} of an earlier run, which cannot be removed ({error.strerror})"
            raise InvalidInputError("--rejects", got, "a place of its own") from error


def check_apart(file: Path, out: Path, rejects: Path) -> None:
    """Refuse two of the three files at one place.

    Raises:
        InvalidInputError: Names the option.
    """
    read, written, refused = (path.resolve() for path in (file, out, rejects))
    if written == read:
        raise InvalidInputError("--out", f"{out}, the file that is read", "another file")
    if refused in (read, written):
        raise InvalidInputError("--rejects", f"{rejects}, which has another use", "another file")
