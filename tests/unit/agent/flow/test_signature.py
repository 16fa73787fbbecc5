import pytest

from sandbox_image.agent.flow.signature import read_ports
from sandbox_image.wire.project import Port, Setting


def test_a_single_parameter_merges_edges_and_needs_none() -> None:
    ports = read_ports("def main(input_data):\n    return input_data\n")
    assert ports.inputs == [Port(name="input_data")]
    assert ports.outputs == [Port(name="output")]
    assert ports.merges
    assert not ports.error


def test_main_without_parameters_has_no_input() -> None:
    ports = read_ports("def main():\n    return 1\n")
    assert ports.inputs == []
    assert not ports.merges


def test_each_positional_parameter_is_a_port_and_each_keyword_only_one_a_setting() -> None:
    ports = read_ports(
        "def main(prices: 'pd.DataFrame', rates=None, *, window: int = 7, mode: Literal['a', 'b'] = 'a',"
        " scale=compute(), name: str, pair=(1, 2), kind: typing.Literal[1] | None = None): ..."
    )
    assert ports.inputs == [Port(name="prices", type="pd.DataFrame", required=True), Port(name="rates")]
    assert not ports.merges
    assert ports.settings == [
        Setting(name="window", type="int", default=7),
        Setting(name="mode", type="Literal['a', 'b']", default="a", choices=["a", "b"]),
        Setting(name="scale"),
        Setting(name="name", type="str", required=True),
        Setting(name="pair", default=[1, 2]),
        Setting(name="kind", type="typing.Literal[1] | None", choices=[1, None]),
    ]


@pytest.mark.parametrize("base", ["TypedDict", "typing.NamedTuple"])
def test_a_structured_return_type_gives_one_output_per_field(base: str) -> None:
    ports = read_ports(f"class Out({base}):\n    x: int\n    y: str\nasync def main() -> 'Out': ...\n")
    assert ports.outputs == [Port(name="x", type="int"), Port(name="y", type="str")]


def test_inherited_fields_count_and_a_class_that_is_its_own_base_ends() -> None:
    source = "class A(TypedDict):\n    x: int\nclass B(A):\n    y: str\nclass C(C):\n    z: int\n"
    assert [port.name for port in read_ports(source + "def main() -> B: ...").outputs] == ["x", "y"]
    assert [port.name for port in read_ports(source + "def main() -> C: ...").outputs] == ["output"]


def test_a_single_field_called_like_the_whole_is_the_whole() -> None:
    source = "class Out(TypedDict):\n    {}: int\ndef main() -> Out: ...\n"
    assert read_ports(source.format("output")).outputs == [Port(name="output", type="Out")]
    assert read_ports(source.format("total")).outputs == [Port(name="total", type="int")]


def test_a_source_that_is_no_python_is_told_with_its_line() -> None:
    assert read_ports("x = 1\ndef main(:\n").error.startswith("line 2: ")
    assert read_ports("a = '\0'").error.startswith("line 1: ")
    assert read_ports("(" * 100_000).error.startswith("line 1: ")
    assert not read_ports("def main():\n    return '\\d'\n").error


def test_without_main_the_error_says_what_to_add_and_legacy_takes_the_first_function() -> None:
    assert "def main(input_data)" in read_ports("def other(x): ...").error
    legacy = read_ports("def other(x): ...", legacy=True)
    assert legacy.merges
    assert not legacy.error
