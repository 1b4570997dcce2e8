"""Copies of objects as a checkpoint has them."""

from feed.checkpoint.object_graph import dump, load
from feed.recording.format import Header, Provenance
from feed.recording.reader import RecordedBlocks
from feed.recording.writer import RecordingWriter


def copied(*objects):
    """A copy of an object, or of several, which share what they shared."""
    copies = [*load(dump({str(number): one for number, one in enumerate(objects)})).values()]
    return copies[0] if len(copies) == 1 else copies


def recorded_blocks(path, rows, *, listing, start):
    """The blocks of a recording of rows, in a file, which a checkpoint can keep."""
    header = Header(instruments=tuple(listing), provenance=Provenance(source="simulated"), start=start)
    with path.open("wb") as out:
        writer = RecordingWriter(out, header)
        writer.append(rows)
        writer.close()
    return RecordedBlocks(path)
