import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.kinds import KINDS, Kind, derived, is_output

SPELLINGS: dict[Kind, str] = {
    "binary": "binaryInput binary-output BINARY_VALUE bi BO object-binary-input ObjectType.binaryValue 4",
    "multistate": "multiStateInput multi-state-output MULTI_STATE_VALUE MSV mo 19",
    "analog": "analogInput analog-output AV loop largeAnalogValue 0 2 somethingElse 999",
    "counter": "accumulator pulseConverter PULSE_CONVERTER object-accumulator 23",
}


@pytest.mark.parametrize(
    ("object_type", "kind"),
    [(text, kind) for kind, texts in SPELLINGS.items() for text in texts.split()]
    + [("", "analog"), ("Multi State Input", "multistate")],
)
def test_object_types_in_many_spellings(object_type: str, kind: Kind) -> None:
    assert derived(object_type, "bacnet", "", ()) == kind


@pytest.mark.parametrize(
    ("point_type", "kind"),
    [
        ("BooleanWritable", "binary"),
        ("control:EnumPoint", "multistate"),
        ("multi-state", "multistate"),
        ("NumericPoint", "analog"),
        ("binaryInput", "binary"),
        ("Setpoint", "setpoint"),
        ("counter", "counter"),
        ("bacnet", "analog"),
    ],
)
def test_other_types_decide_without_object_types(point_type: str, kind: Kind) -> None:
    assert derived("", point_type, "", ()) == kind


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        (("sp", "zone"), "setpoint"),
        (("SetPoint",), "setpoint"),
        (("sp=m:",), "setpoint"),
        (("sp=false",), "analog"),
        (("kind=Bool", "sp"), "binary"),
        (("kind=Str",), "multistate"),
        (("kind=Number", "his"), "analog"),
        (("enum=heat,cool",), "multistate"),
        (("hisTotalized",), "counter"),
        (("totalized=true",), "counter"),
        (("energy", "sensor"), "analog"),
    ],
)
def test_tags_decide_for_analog_objects(tags: tuple[str, ...], kind: Kind) -> None:
    assert derived("analogValue", "bacnet", "", tags) == kind
    assert derived("", "", "", tags) == kind
    assert derived("binaryValue", "bacnet", "", tags) == "binary"


@pytest.mark.parametrize(
    "unit", ["kWh", "kilowattHours", "kilowatt-hours", "KILOWATT_HOURS", "MWh", "BTU", "therms", "gal", "m³"]
)
def test_units_of_meters_make_counters(unit: str) -> None:
    assert derived("analogInput", "bacnet", unit, ("energy", "sensor")) == "counter"
    assert derived("analogValue", "bacnet", unit, ("sp",)) == "setpoint"


@pytest.mark.parametrize(
    "unit", ["", "kW", "degreesFahrenheit", "gal/min", "m³/h", "m/s", "kWh/m²", "percent"]
)
def test_other_units_make_no_counters(unit: str) -> None:
    assert derived("analogInput", "bacnet", unit, ()) == "analog"


ANALOG = st.sampled_from([*SPELLINGS["analog"].split(), ""])
UNITS = st.sampled_from(["", "kW", "kWh", "gal", "m³", "usGallons", "gpm", "degreesFahrenheit"])
SETPOINTS = st.sampled_from(["setpoint", "Setpoint", "set-point", "SET_POINT", "zone temperature setpoint"])
TAGS = st.lists(st.sampled_from(["energy", "cmd", "point", "totalized", "hisTotalized", "kind=Number"]))


@given(object_type=ANALOG, point_type=SETPOINTS, unit=UNITS, tags=TAGS)
def test_a_listed_setpoint_is_one(object_type: str, point_type: str, unit: str, tags: list[str]) -> None:
    assert derived(object_type, point_type, unit, tuple(tags)) == "setpoint"


OUTPUTS = st.sampled_from(
    [
        *((text, "bacnet", "point") for text in ("analogOutput", "AO", "object-analog-output", "1")),
        ("analogValue", "analogOutput", "point"),
        ("", "analog-output", "point"),
        ("", "NumericOutput", "point"),
        ("analogValue", "bacnet", "cmd"),
        ("2", "", "cmd=m:"),
    ]
)


@given(output=OUTPUTS, unit=UNITS, tags=TAGS)
def test_no_output_is_a_counter(output: tuple[str, str, str], unit: str, tags: list[str]) -> None:
    object_type, point_type, tag = output
    assert derived(object_type, point_type, unit, (tag, *tags)) == "analog"


@given(
    st.text(max_size=64),
    st.text(max_size=64),
    st.text(max_size=20),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_any_texts_have_a_kind(object_type: str, point_type: str, unit: str, tags: list[str]) -> None:
    assert derived(object_type, point_type, unit, tuple(tags)) in KINDS


@pytest.mark.parametrize(
    ("object_type", "point_type", "tags", "expected"),
    [
        ("analogOutput", "bacnet", (), True),
        ("AO", "", (), True),
        ("1", "bacnet", (), True),
        ("14", "bacnet", (), True),
        ("", "analog-output", (), True),
        ("analogValue", "bacnet", ("cmd", "valve"), True),
        ("analogValue", "bacnet", ("Cmd=m:",), True),
        ("analogValue", "bacnet", ("cmd=false", "valve"), False),
        ("analogInput", "bacnet", ("valve",), False),
        ("", "", (), False),
    ],
)
def test_outputs_and_commands_are_actuators(
    object_type: str, point_type: str, tags: tuple[str, ...], expected: bool
) -> None:
    assert is_output(object_type, point_type, tags) == expected
