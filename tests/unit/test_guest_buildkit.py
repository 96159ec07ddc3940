"""repo2docker's JSON log as steps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.guest import buildkit

LOG = Path(__file__).with_name("fixtures") / "repo2docker" / "built.jsonl"


def test_given_a_real_build_then_every_layer_is_told_once_and_in_order() -> None:
    steps = buildkit.Steps()

    told = [
        steps.at
        for line in LOG.read_text().splitlines()
        for said in buildkit.parse(line)
        if steps.forward(said)
    ]

    assert told == [(n, 6) for n in range(1, 7)]


@pytest.mark.parametrize(
    ("line", "step"),
    [
        pytest.param('{"message": "#6 [2/6] RUN pip install x\\n"}', (2, 6), id="a step"),
        pytest.param('{"message": "#9 [build 3/12] COPY a b"}', (3, 12), id="of a named stage"),
        pytest.param('{"message": "#1 [internal] load .dockerignore"}', None, id="internal"),
        pytest.param(
            '{"message": "#6 4.418 Downloading [2/6] parts"}', None, id="output that looks like one"
        ),
        pytest.param("docker: 'buildx' is not a docker command.", None, id="text of a program below"),
    ],
)
def test_given_a_line_then_its_step_is_read(line: str, step: tuple[int, int] | None) -> None:
    assert [said.step for said in buildkit.parse(line)] == [step]


def test_given_lines_of_parallel_steps_then_the_step_told_never_goes_back() -> None:
    steps = buildkit.Steps()
    lines = ["#5 [2/6] A", "#7 [4/6] B", "#6 [3/6] C", "#8 [4/6] D", "#9 [5/6] E"]

    told = [steps.at for line in lines if steps.forward(buildkit.parse(f'{{"message": "{line}"}}')[0])]

    assert told == [(2, 6), (4, 6), (5, 6)]


@given(
    st.one_of(
        st.text(), st.text().map(lambda t: f'{{"message": {t!r}}}'), st.just('{"message": 3}'), st.just("[]")
    )
)
def test_given_any_line_then_it_is_read(line: str) -> None:
    assert all(said.text.strip() for said in buildkit.parse(line))
