import pytest

from vitals.model.bacnet import object_type


@pytest.mark.parametrize("text", ["analogValue", "analog-value", "ANALOG_VALUE", "Analog Value", "AV", "av"])
def test_a_bacnet_type_in_any_spelling(text: str) -> None:
    assert object_type(text) == "analog value"


@pytest.mark.parametrize("text", ["", "7", "analog", "analogValue 7", "väv", "-av"])
def test_other_texts_are_no_bacnet_type(text: str) -> None:
    assert object_type(text) is None
