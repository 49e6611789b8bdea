"""What the project runs on: every Debian package and the project itself, as a CycloneDX 1.4 file.

    runtime/caffe python3 runtime/sbom.py OUT.json

Names and versions are dpkg's, licences those of each package's copyright file. A file that is in
Debian's machine-readable format says them by name; of another, the names are the texts in
/usr/share/common-licenses that it refers to, or what its wording shows. The image has the result
as /opt/egl/sbom.json.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any, Dict, List, NamedTuple, Sequence

from data_prep import __version__

# runtime/caffe binds the system's /usr, but not its /var, and says where the system lies.
SYSTEM = "EGL_SYSTEM"
DOCUMENTS = "/usr/share/doc"
OWN_LICENCE = "BSD-2-Clause"
UNNAMED = "see the copyright file"
_FIELDS = ("binary:Package", "Version", "Architecture", "source:Package", "source:Version")
_BY_NAME = re.compile(r"^License:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z]+[A-Za-z0-9.-]*[A-Za-z0-9])")
_BY_WORDING = {
    "Expat": r"Permission is hereby granted, free of charge, to any person",
    "BSD": r"Redistribution and use in source and binary forms|Redistributions of source code must",
    "HPND": r"Permission to use, copy, modify,? (and|and/or)? ?(distribute|sell)",
    "PSF": r"PYTHON SOFTWARE FOUNDATION LICENSE",
    "OpenSSL": r"OpenSSL License",
    "Sleepycat": r"Sleepycat|Oracle Berkeley DB",
    "LGPL": r"Lesser General Public License|Library General Public License",
    "GPL": r"GNU General Public License",
    "Unicode": r"Unicode, Inc",
    "public-domain": r"public domain",
}


class Package(NamedTuple):
    """A Debian package that is installed; name: without the architecture."""

    name: str
    version: str
    architecture: str
    source: str
    source_version: str


def packages() -> List[Package]:
    """Return the packages that are installed, by name."""
    database = os.path.join(os.environ.get(SYSTEM, "/"), "var/lib/dpkg")
    form = "\t".join(f"${{{field}}}" for field in _FIELDS) + "\t${db:Status-Status}\n"
    command = ["dpkg-query", f"--admindir={database}", "--show", f"--showformat={form}"]
    lines = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    rows = [line.split("\t") for line in lines]
    found = [Package(row[0].split(":")[0], *row[1:5]) for row in rows if row[5] == "installed"]
    return sorted(found)


def licences(text: str) -> List[str]:
    """Return the names of the licences in a copyright file, in order and each once."""
    found = _BY_NAME.findall(text) or _COMMON.findall(text)
    if not found:
        words = " ".join(text.split())
        found = [name for name, wording in _BY_WORDING.items() if re.search(wording, words, re.I)]
    return list(dict.fromkeys(found))


def copyright_files(installed: Sequence[Package]) -> Dict[str, str]:
    """Return {package: path of its copyright file}, or that of another package of its source.

    A package whose documents are a link to another's has no file of its own.
    """
    own = {
        package.name: os.path.join(DOCUMENTS, package.name, "copyright") for package in installed
    }
    own = {name: path for name, path in own.items() if os.path.exists(path)}
    of_source: Dict[str, str] = {}
    for package in installed:
        if package.name in own:
            of_source.setdefault(package.source, own[package.name])
    return {
        package.name: own.get(package.name) or of_source[package.source]
        for package in installed
        if package.name in own or package.source in of_source
    }


def component(package: Package, path: str) -> Dict[str, Any]:
    """Return a package as CycloneDX has it; path: of its copyright file."""
    with open(path, encoding="utf-8", errors="replace") as file:
        names = licences(file.read()) or [UNNAMED]
    where = f"pkg:deb/debian/{package.name}@{package.version}"
    return {
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": f"{where.replace('+', '%2B')}?arch={package.architecture}&distro=bullseye",
        "licenses": [{"license": {"name": name}} for name in names],
        "properties": [
            {"name": "source", "value": f"{package.source} {package.source_version}"},
            {"name": "copyright", "value": path},
        ],
    }


def bill() -> Dict[str, Any]:
    """Return the whole list. RuntimeError where a package has no copyright file."""
    installed = packages()
    files = copyright_files(installed)
    absent = [package.name for package in installed if package.name not in files]
    if absent:
        raise RuntimeError(f"no copyright file in {DOCUMENTS} of {', '.join(absent)}")
    components = [component(package, files[package.name]) for package in installed]
    own = {
        "type": "application",
        "name": "egl-caffe",
        "version": __version__,
        "licenses": [{"license": {"id": OWN_LICENCE}}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = bill()
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(found, out, indent=1)
        out.write("\n")
    print(f"{sys.argv[1]}: {len(found['components'])} packages and their licences")
