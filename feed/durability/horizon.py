"""
How far clients may have seen the market: a market time that is durable before anything later is published.

The file has two slots of 4 KiB, which are overwritten in turn, so that it needs no new space on a full disk
and one is whole whatever becomes of the other. A slot has two copies of the same 36 bytes, at its byte 0 and
2048, little-endian: ``feedhrz1``, a counter and the number of a record (8 bytes each), the time (8, signed),
and the CRC-32 of these. The greater counter is the newer.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from feed.durability.disk import Disk, DiskFile
from feed.errors import ConfigError

NAME: Final = "horizon"
_SLOT: Final = 4096  # bytes
_COPIES: Final = 2
_MAGIC: Final = b"feedhrz1"
_FIELDS: Final = struct.Struct("<8sQQq")
_CRC: Final = struct.Struct("<I")


class HorizonFile:
    """
    The horizon of a data folder.

    Args:
        file: The open file; it is closed with this.
        where: What messages call it.
    Attributes:
        time: Market time, integer nanoseconds since the Unix epoch; of the last write that was durable.
        record: Number of a record of the log that was durable before; the log cannot end before it.
    Raises:
        ConfigError: It is damaged.
        OSError: It cannot be read.
    """

    def __init__(self, file: DiskFile, *, where: str) -> None:
        self._file = file
        data = file.read_at(0, _SLOT * 2)
        found = [slot for at in (0, _SLOT) if (slot := _parse(data[at : at + _SLOT]))]
        if not found:
            raise ConfigError("damaged at byte 0: no slot of the horizon is whole", where=where)
        self._counter, self.record, self.time = max(found)

    @classmethod
    def open(cls, disk: Disk) -> HorizonFile:
        """The horizon of a folder that has one."""
        file = disk.open(NAME)
        try:
            return cls(file, where=disk.where(NAME))
        except BaseException:
            file.close()
            raise

    @staticmethod
    def create(disk: Disk, time: int) -> None:
        """Write one that begins at ``time``, durably, in place of any other."""
        disk.replace(NAME, _encode(1, 0, time) + _encode(0, 0, time))

    def write(self, time: int, *, record: int = 0) -> None:
        """
        Move the horizon.

        Args:
            time: Market time, integer nanoseconds since the Unix epoch.
            record: Number of the last record of the log that is durable; 0 where none is known to be.
        Raises:
            OSError: It may be the old or the new after a crash; :attr:`time` is the old.
        """
        counter = self._counter + 1
        # After an error the same slot is written again: the other has the last that is durable.
        self._file.write_at(_SLOT * (counter % 2 == 0), _encode(counter, record, time))
        self._file.sync()
        self._counter, self.record, self.time = counter, record, time

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _encode(counter: int, record: int, time: int) -> bytes:
    fields = _FIELDS.pack(_MAGIC, counter, record, time)
    copy = fields + _CRC.pack(zlib.crc32(fields))
    return copy.ljust(_SLOT // _COPIES, b"\0") * _COPIES


def _parse(slot: bytes) -> tuple[int, int, int] | None:
    """Counter, record and time of a slot, by either copy."""
    for at in range(0, len(slot), _SLOT // _COPIES):
        fields, crc = slot[at : at + _FIELDS.size], slot[at + _FIELDS.size :][: _CRC.size]
        if len(crc) == _CRC.size and _CRC.pack(zlib.crc32(fields)) == crc:
            magic, counter, record, time = _FIELDS.unpack(fields)
            if magic == _MAGIC:
                return counter, record, time
    return None
