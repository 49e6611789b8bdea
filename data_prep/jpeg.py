"""Damage to JPEG files that decoders pass over: they fill the missing part with grey."""

import re
from typing import Optional

START_OF_FILE = b"\xff\xd8"

# In JPEG's entropy-coded data, FF is followed by 00 (a data byte) or D0-D7 (restart); any other
# code opens a segment.
_SEGMENT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_START, _END, _TEMPORARY = 0xD8, 0xD9, 0x01
_SEQUENTIAL = (0xC0, 0xC1)  # start of a frame of one scan a component, Huffman-coded
_HUFFMAN_TABLES, _SCAN = 0xC4, 0xDA
_AC_TABLE_0 = 0x10
_ZEROS = bytes(20)

# Of libjpeg's warnings (its jerror.h), those that mean lost pixels. It prints the first alone.
WARNING = re.compile(r"Corrupt JPEG data|Premature end of JPEG|Inconsistent progression")


def damage(data: bytes) -> Optional[str]:
    """Return what is wrong with the bytes of a JPEG file, or None.

    It finds a missing end, and zeros within the picture. Pillow finds most files without an end,
    but not a baseline JPEG whose missing part is all zeros, as some downloads leave it.
    """
    # Go from segment to segment, since an embedded thumbnail has an end of its own. Bytes after the
    # end are allowed: some cameras write them.
    position = 2
    scans = []  # where they begin
    sequential = zeros_are_blocks = False
    while True:
        segment = _SEGMENT.search(data, position)
        if segment is None:
            return "truncated (its end is missing)"
        code, position = data[segment.end() - 1], segment.end()
        if code == _END:
            break
        if code in (_START, _TEMPORARY):
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        body = data[position + 2 : position + length]
        if code in _SEQUENTIAL:
            sequential = True
        elif code == _HUFFMAN_TABLES and _zero_bits_end_a_block(body):
            zeros_are_blocks = True
        elif code == _SCAN:
            scans.append(position)
        position += length
    # Of several scans, some have blocks of colour alone, of which zero bits may be many.
    could_be_zeros = not sequential or zeros_are_blocks or len(scans) != 1
    if not could_be_zeros and data.find(_ZEROS, scans[0], position) >= 0:
        return "damaged (a part of it is all zeros)"
    return None


def _zero_bits_end_a_block(tables: bytes) -> bool:
    """Return whether zero bits may be many empty blocks of brightness, as of a black surround.

    With other tables, such as the usual ones, they would be blocks full of the coefficient -1,
    which no photograph has. tables: the body of a segment of Huffman tables (ITU T.81, B.2.4.2).
    """
    position = 0
    while position + 17 <= len(tables):
        is_of_brightness = tables[position] == _AC_TABLE_0
        count = sum(tables[position + 1 : position + 17])
        symbols = tables[position + 17 : position + 17 + count]
        # The first symbol of a table has the code of zeros; a low half of 0 is no coefficient.
        if is_of_brightness and symbols and symbols[0] & 0x0F == 0:
            return True
        position += 17 + count
    return False
