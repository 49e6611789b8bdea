"""How files are damaged: by bytes, by words, and within the structure of their formats."""

import contextlib
import copy
import io
import json
import re
import struct
import zlib

NUMBERS = (0, 1, -1, 2, 7, 8, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31)
WORDS = (
    b"", b"0", b"-1", b"1e400", b"nan", b"inf", b"-0.0", b"9" * 300, b"\xc2\xb2", b"0x10", b"1_0",
    b"true", b"null", b"[]", b"{}", b'"', b"'", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n",
    b",", b";", b"../../x", b"/etc/passwd", b"0,5", b" ", b"\xed\xa0\x80", b"A" * 5000, b"\x1b[2J",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**400, 0.5, -0.5, 1e308, float("nan"),
    float("inf"), "", "x", "²", "\ud800", "\x00", "../x", "/etc/passwd", [], [1], [None], ["a", 2],
    {}, {"a": 1}, [[[]]], "A" * 5000,
)  # fmt: skip
_WORD = re.compile(rb"[A-Za-z_]+|[0-9.+-]+|[^\sA-Za-z0-9]")


def damaged_bytes(random, data):
    """Return bytes with 1 to 4 damages of any kind."""
    for _ in range(random.randint(1, 5)):
        data = _DAMAGES[random.randint(len(_DAMAGES))](random, bytearray(data))
    return bytes(data)


def _place(random, data):
    """Return a random place; headers are at the beginning, so half of the places are there."""
    most = min(len(data), 64) if random.randint(2) else len(data)
    return random.randint(most) if most else 0


def _flip(random, data):
    if data:
        data[_place(random, data)] ^= 1 << random.randint(8)
    return data


def _byte(random, data):
    if data:
        data[_place(random, data)] = random.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF])
    return data


def _number(random, data):
    place, form = _place(random, data), random.choice(["<I", ">I", "<H", ">H", "<Q"])
    size = struct.calcsize(form)
    number = NUMBERS[random.randint(len(NUMBERS))] % 256**size
    data[place : place + size] = struct.pack(form, number)
    return data


def _cut(random, data):
    return data[: _place(random, data)]


def _drop(random, data):
    place = _place(random, data)
    del data[place : place + random.randint(1, 40)]
    return data


def _zeros(random, data):
    place, n = _place(random, data), random.randint(1, 200)
    data[place : place + n] = bytes(min(n, len(data) - place))
    return data


def _repeat(random, data):
    place, n = _place(random, data), random.randint(1, 60)
    data[place:place] = data[place : place + n] * random.randint(1, 4)
    return data


def _noise(random, data):
    place, n = _place(random, data), random.randint(1, 30)
    data[place : place + n] = random.bytes(n)
    return data


def _append(random, data):
    return data + random.bytes(random.randint(1, 30))


_DAMAGES = (_flip, _flip, _byte, _number, _number, _cut, _drop, _zeros, _repeat, _noise, _append)


def damaged_text(random, data):
    """Return text with words exchanged, lines moved, or bytes damaged."""
    for _ in range(random.randint(1, 4)):
        kind = random.randint(5)
        words = list(_WORD.finditer(data))
        lines = data.splitlines(keepends=True)
        if kind <= 1 and words:
            word = words[random.randint(len(words))]
            new = WORDS[random.randint(len(WORDS))]
            data = data[: word.start()] + new + data[word.end() :]
        elif kind == 2 and len(words) > 1:
            first, second = sorted(random.choice(len(words), 2, replace=False))
            first, second = words[first], words[second]
            data = data[: first.start()] + second.group() + data[first.end() :]
        elif kind == 3 and lines:
            line = lines[random.randint(len(lines))]
            lines.insert(random.randint(len(lines) + 1), line)
            del lines[random.randint(len(lines))]
            data = b"".join(lines)
        else:
            data = damaged_bytes(random, data)
    return data


def damaged_json(random, data):
    """Return JSON with values of other kinds, names that are not known, or damaged text."""
    if random.randint(4) == 0:
        return damaged_text(random, data)
    value = json.loads(data)
    for _ in range(random.randint(1, 3)):
        holder = value
        while isinstance(holder, (dict, list)) and holder:
            keys = list(holder) if isinstance(holder, dict) else range(len(holder))
            key = keys[random.randint(len(keys))]
            inner = holder[key]
            if not isinstance(inner, (dict, list)) or not inner or random.randint(3) == 0:
                new = copy.deepcopy(VALUES[random.randint(len(VALUES))])
                if isinstance(holder, dict) and random.randint(8) == 0:
                    holder[str(new)[:50]] = inner
                else:
                    holder[key] = new
                break
            holder = inner
    return json.dumps(value).encode()


def damaged_jpeg(random, data):
    """Return a JPEG with a segment's body, length or code damaged, or a segment twice or gone."""
    starts = [found.start() for found in re.finditer(rb"\xff[\xc0-\xfe]", data)]
    if not starts or random.randint(3) == 0:
        return damaged_bytes(random, data)
    start = starts[random.randint(len(starts))]
    length = int.from_bytes(data[start + 2 : start + 4], "big") + 2
    kind = random.randint(5)
    if kind == 0:
        changed = damaged_bytes(random, data[start + 4 : start + length])
        return data[: start + 4] + changed[: length - 4] + data[start + length :]
    if kind == 1:
        new = NUMBERS[random.randint(len(NUMBERS))] % 65536
        return data[: start + 2] + struct.pack(">H", new) + data[start + 4 :]
    if kind == 2:
        return data[: start + 1] + bytes([0xC0 + random.randint(63)]) + data[start + 2 :]
    if kind == 3:
        return data[:start] + data[start + length :]
    return data[: start + length] + data[start:]


def damaged_png(random, data):
    """Return a PNG with a chunk damaged, twice or gone, its checksum right again."""
    if random.randint(4) == 0:
        return damaged_bytes(random, data)
    chunks, place = [], 8
    while place + 8 <= len(data):
        n = int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + n]))
        place += 12 + n
    index = random.randint(len(chunks))
    kind, body = chunks[index]
    if kind == b"IDAT" and random.randint(2):
        with contextlib.suppress(zlib.error):  # the picture's data go on in the next chunk
            body = zlib.compress(damaged_bytes(random, zlib.decompress(body)))
    how = random.randint(4)
    if how <= 1:
        chunks[index] = kind, damaged_bytes(random, body)
    elif how == 2:
        chunks.insert(random.randint(len(chunks) + 1), (kind, body))
    else:
        del chunks[index]
    out = io.BytesIO(data[:8])
    out.seek(8)
    for kind, body in chunks:
        out.write(struct.pack(">I", len(body)) + kind + body)
        out.write(struct.pack(">I", zlib.crc32(kind + body)))
    return out.getvalue()


def damaged_tiff(random, data):
    """Return a TIFF with a field of its directory damaged: tag, type, count or value."""
    if random.randint(3) == 0 or data[:2] != b"II":
        return damaged_bytes(random, data)
    (directory,) = struct.unpack("<I", data[4:8])
    (n,) = struct.unpack("<H", data[directory : directory + 2])
    place = directory + 2 + 12 * random.randint(n) + random.choice([0, 2, 4, 8])
    form = "<H" if (place - directory - 2) % 12 < 4 else "<I"
    number = NUMBERS[random.randint(len(NUMBERS))] % 256 ** struct.calcsize(form)
    return data[:place] + struct.pack(form, number) + data[place + struct.calcsize(form) :]


def damaged_gzip(random, data):
    """Return compressed data damaged before or after its compression."""
    import gzip

    if random.randint(2):
        return damaged_bytes(random, data)
    return gzip.compress(damaged_bytes(random, gzip.decompress(data)), 1)


def damaged_hdf5(random, data):
    """Return an HDF5 file with bytes, or a dataset or an attribute of it, damaged."""
    import h5py
    import numpy as np

    if random.randint(3) == 0:
        return damaged_bytes(random, data)
    file = io.BytesIO(data)
    with h5py.File(file, "r+") as content:
        datasets = []
        content.visititems(
            lambda name, item: datasets.append(name) if hasattr(item, "shape") else 0
        )
        names = list(content.attrs)
        if names and random.randint(2):
            name = names[random.randint(len(names))]
            value = [np.nan, -1, "x", [], [1, 2, 3], np.array([np.inf] * 3), 2**40, b"\xff", True]
            if random.randint(5) == 0:
                del content.attrs[name]
            else:
                content.attrs[name] = value[random.randint(len(value))]
        elif datasets:
            name = datasets[random.randint(len(datasets))]
            old = content[name][...]
            del content[name]
            new = (
                None, old[:-1], old[:0], old.ravel(), old[None], old.astype("S4"), 3, "x",
                np.full(old.shape, -1), np.full(old.shape, np.nan), np.full(old.shape, 2**40),
                np.full(old.shape, b"\xff\xfe"), old[::-1], h5py.Empty("f"), np.full(old.shape, 2),
            )[random.randint(15)]  # fmt: skip
            if new is not None:
                content[name] = new
    return file.getvalue()
