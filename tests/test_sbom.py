"""The list of packages: every one that the project asks for, with its version and licence."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data_prep import __version__
from runtime import sbom

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Format: 1.0\n\nFiles: *\nLicense: BSD-2-clause\n\nFiles: debian/*\nLicense: GPL-2+\n x\n",
         ["BSD-2-clause", "GPL-2+"]),
        ("Files: *\nLicense: MIT\nFiles: a\nLicense:  MIT \n", ["MIT"]),
        ("The text is in /usr/share/common-licenses/GPL-2.\n", ["GPL-2"]),
        ("See `/usr/share/common-licenses/LGPL-2.1'\nand /usr/share/common-licenses/Apache-2.0",
         ["LGPL-2.1", "Apache-2.0"]),
        ("License:\n\n Permission is hereby granted, free\n of charge, to any person", ["Expat"]),
        ("Redistribution and  use in source and binary forms, with", ["BSD"]),
        ("Permission to use, copy, modify, distribute, and sell this", ["HPND"]),
        ("This file is in the Public Domain.", ["public-domain"]),
        ("Ask the author.", []),
    ],
)  # fmt: skip
def test_licences_of_copyright_files(text, expected):
    assert sbom.licences(text) == expected


def test_a_package_without_documents_has_those_of_its_source(tmp_path, monkeypatch):
    monkeypatch.setattr(sbom, "DOCUMENTS", str(tmp_path))
    (tmp_path / "liba1").mkdir()
    (tmp_path / "liba1" / "copyright").write_text("public domain")
    made = [
        sbom.Package(name, "1-2", "amd64", source, "1-2")
        for name, source in (("liba1", "a"), ("liba-common", "a"), ("b", "b"))
    ]
    path = str(tmp_path / "liba1" / "copyright")
    assert sbom.copyright_files(made) == {"liba1": path, "liba-common": path}
    found = sbom.component(made[1], path)
    assert found["licenses"] == [{"license": {"name": "public-domain"}}]
    assert found["purl"] == "pkg:deb/debian/liba-common@1-2?arch=amd64&distro=bullseye"


def test_every_package_has_a_version_and_a_licence(caffe, tmp_path):
    out = tmp_path / "sbom.json"
    subprocess.run(
        [sys.executable, str(PROJECT / "runtime" / "sbom.py"), str(out)],
        check=True,
        env=dict(os.environ, PYTHONPATH=str(PROJECT)),
    )
    bill = json.loads(out.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.4")
    assert bill["metadata"]["component"]["version"] == __version__
    found = {component["name"]: component for component in bill["components"]}
    assert len(found) == len(bill["components"]) > 300
    for name, component in found.items():
        names = [entry["license"]["name"] for entry in component["licenses"]]
        assert component["version"] and names, name
        assert sbom.UNNAMED not in names, name
    lines = (PROJECT / "runtime" / "debian-packages.txt").read_text().splitlines()
    wanted = [re.sub(r"\s*#.*", "", line) for line in lines]
    for name, _, version in (line.partition("=") for line in wanted if line):
        assert found[name]["version"] == (version or found[name]["version"])
    licences = [entry["license"]["name"] for entry in found["python3-caffe"]["licenses"]]
    assert "BSD-2" in licences[0]
