"""environment.yml without a YAML parser, held against one."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest import conda_file

EXAMPLE = """\
name: course
channels:
  - conda-forge
dependencies:
- python=3.11   # the version
- "numpy>=1.26"
- conda-forge::gdal
- pip
- pip:
    - tqdm
    - -r requirements.txt
    - git+https://example.org/a.git#egg=a
- scipy
prefix: /somewhere
"""


def test_given_the_usual_form_then_both_parts_are_read() -> None:
    assert conda_file.parse(EXAMPLE) == (
        ["tqdm", "-r requirements.txt", "git+https://example.org/a.git#egg=a"],
        ["python=3.11", "numpy>=1.26", "conda-forge::gdal", "pip", "scipy"],
    )


@pytest.mark.parametrize(
    ("dependency", "name"), [("conda-forge::gdal=3.8", "gdal"), ("numpy >=1", "numpy"), ("r-base", "r-base")]
)
def test_given_a_dependency_then_its_name_is_bare(dependency: str, name: str) -> None:
    assert conda_file.name_of(dependency) == name


NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,12}(==[0-9]\.[0-9])?", fullmatch=True).filter(
    lambda name: isinstance(yaml.safe_load(name), str)
)


@given(st.lists(NAMES), st.lists(NAMES, min_size=1))
def test_given_a_file_as_yaml_writes_it_then_it_is_read_alike(conda: list[str], pip: list[str]) -> None:
    text = yaml.safe_dump({"channels": ["x"], "dependencies": [*conda, {"pip": pip}], "name": "n"})

    assert conda_file.parse(text) == (pip, conda)


@given(st.text())
def test_given_any_text_then_it_is_read(text: str) -> None:
    conda_file.parse(text)
