import pathlib
import re

from setuptools import find_packages, setup

here = pathlib.Path(__file__).resolve().parent
version = re.search(
    r'__version__ = "(.+?)"', (here / "data_prep" / "__init__.py").read_text(encoding="utf-8")
).group(1)

setup(
    name="egl-caffe",
    version=version,
    description="Active learning by expected gradient length with Caffe, for exudates in eye "
    "fundus photographs",
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-2-Clause",
    # author, url and project_urls are left to the owner: see CONTRIBUTING.md.
    python_requires=">=3.8",
    packages=[
        *find_packages(include=["data_prep*", "egl*", "experiments*", "labelling*"]),
        "egl.prototxt",
    ],
    package_dir={"egl.prototxt": "prototxt"},
    package_data={
        "egl.prototxt": ["*.prototxt", "*.svg"],
        "experiments": ["*.j2", "published_numbers.csv"],
        "experiments.paper": ["templates/*.j2"],
        "labelling": ["templates/*.j2"],
        "labelling.page": ["static/*", "templates/*.html"],
    },
    entry_points={"console_scripts": ["egl = experiments.command_line:main"]},
    # Caffe is not here: the registry's package of that name is an empty placeholder. See
    # runtime/caffe.
    install_requires=[
        "flask",
        "h5py",
        "jinja2",
        "matplotlib",
        "numpy",
        "opencv-python-headless",
        "pandas",
        "scikit-learn",
        "scipy",
        "threadpoolctl",
        "tqdm",
    ],
    extras_require={"lmdb": ["lmdb"], "test": ["hypothesis", "pytest", "pytest-xdist"]},
    classifiers=[
        "License :: OSI Approved :: BSD License",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
