"""Names that people can read, from the shapes that real systems give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.points.names import display_name, unescaped

SITE = "ses_falls_city"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        # The ACE gateway: client/site/network:address-device/type/instance.
        ("ses/ses_falls_city/8000:33-8033/analogValue/102", "Analog value 102, device 8033"),
        ("ses/ses_falls_city/10.0.4.17:47808-1201/multiStateValue/7", "Multi-state value 7, device 1201"),
        ("ses/ses_falls_city/8000:33-8033/binary-input/3", "Binary input 3, device 8033"),
        ("ses/ses_falls_city/8000:33-8033/TREND_LOG/1", "Trend log 1, device 8033"),
        ("ses/ses_falls_city/boiler room/AV/12", "Analog value 12, device boiler room"),
        ("ses/other_site/8000:33-8033/analogInput/5", "Analog input 5, device 8033"),
        ("ses/ses_falls_city/8000:33-8033/analogInput/Zone Temp 107", "Zone Temp 107"),
        ("ses/ses_falls_city/8000:33-8033/analogInput/VAV#111", "VAV#111"),
        ("ses/ses_falls_city/8000:33-8033/analogOutput/Valve 100% 113", "Valve 100% 113"),
        ("ses/ses_falls_city/8000:34-8034/analogInput/Außenluft °C 116", "Außenluft °C 116"),
        ("ses/ses_falls_city/8000:33-8033/analogInput/SA/RA Temp", "SA/RA Temp"),
        (
            "ses/ses_falls_city/8000:33-8033/analogValue/ANALOG VALUE 102",
            "Analog value 102, device 8033",
        ),
        # Other paths below a site.
        ("sdh/ses_falls_city/413/co2", "413 co2"),
        ("sdh/ses_falls_city/floor 4/413/Air_Temp", "413 Air Temp"),
        ("sdh/ses_falls_city/AHU1/AHU1_SAT", "AHU1 SAT"),
        # Niagara.
        ("station:|slot:/Drivers/BacnetNetwork/AHU$2d1/points/SupplyAirTemp", "AHU-1 Supply Air Temp"),
        ("local:|fox:|station:|slot:/Drivers/NiagaraNetwork/J1/points/VAV$203/ZnT/out/value", "VAV 3 ZnT"),
        ("slot:/Drivers/BacnetNetwork/EastWing/points/Zone$206$20RH$25", "East Wing Zone 6 RH%"),
        (
            "station:|slot:/Drivers/NiagaraNetwork/J7/virtual|virtual:/Logic/RTU|slot:/RTU1/RetAir",
            "RTU1 Ret Air",
        ),
        ("station:|slot:/Drivers/N/$3101$2fA/points/T$u00fcr", "101/A Tür"),
        ("history:/Jace2/OutsideAirHumidity", "Jace2 Outside Air Humidity"),
        ("station:|h:1f2a", "station:|h:1f2a"),
        ("slot:/", "slot:/"),
        # One word.
        ("SupplyAirTemp", "Supply Air Temp"),
        ("supplyAirTemp", "Supply Air Temp"),
        ("VAVBoxDamper", "VAV Box Damper"),
        ("HWSTemp2", "HWS Temp2"),
        ("Return_Air_Temp", "Return Air Temp"),
        ("AHU1_SAT", "AHU1 SAT"),
        ("weather.temperature", "Weather temperature"),
        ("weather.wet_bulb", "Weather wet bulb"),
        # Nobody is sure of these.
        ("ZnTempSp", "ZnTempSp"),
        ("DaTSp", "DaTSp"),
        ("McQuay", "McQuay"),
        ("BACnetRouter", "BACnetRouter"),
        ("AHU1SAT", "AHU1SAT"),
        ("VAVs", "VAVs"),
        ("kWh", "kWh"),
        ("pH", "pH"),
        ("NAE3.AHU4", "NAE3.AHU4"),
        ("ahu/sat", "ahu/sat"),
        ("a/b/c/d", "a/b/c/d"),
        ("温度", "温度"),
        ("a$ud800b", "a b"),
        ("Abc" + "A" * 500, "Abc " + "A" * 500),
        ("a" + "-" * 500, "a" + "-" * 500),
        ("$20", "$20"),
        (" ", "' '"),
    ],
)
def test_a_name_alone(name: str, shown: str) -> None:
    assert display_name(name, SITE) == shown


@pytest.mark.parametrize(
    ("description", "object_name", "shown"),
    [
        ("Zone temperature", "AV_102", "Zone temperature"),
        ("Zone temperature", "Zone temperature 102", "Zone temperature 102"),
        ("zone temp", "Zone Temp", "Zone Temp"),
        ("", "AHU-1 SAT", "AHU-1 SAT"),
        ("", "NAE3/N2 Trunk1.AHU4.Supply Temp", "AHU4 Supply Temp"),
        ("", "ADX-01:NAE-02/FC-1.VAV-12.ZN-T", "VAV-12 ZN-T"),
        ("n/a", "DischargeAirTemp", "Discharge Air Temp"),
        ("ANALOG INPUT 5", "ZN-T", "ZN-T"),
        ("ANALOG INPUT 5", "AI:5", "Analog value 102, device 8033"),
        ("analogInput-5", "102", "Analog value 102, device 8033"),
        ("  ", "---", "Analog value 102, device 8033"),
        ("Supply\tAir\n Temp", "", "Supply Air Temp"),
        ("Energy at $20 a MWh", "", "Energy at $20 a MWh"),
        ("Zone$206$20RH$25", "", "Zone 6 RH%"),
        ("SUPPLY AIR TEMP", "", "SUPPLY AIR TEMP"),
        ("CO2", "", "CO2"),
        ("Value", "", "Value"),
        ("Loop water temp", "", "Loop water temp"),
    ],
)
def test_what_people_wrote_comes_first(description: str, object_name: str, shown: str) -> None:
    name = "ses/ses_falls_city/8000:33-8033/analogValue/102"
    assert display_name(name, SITE, object_name, description) == shown


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_there_is_always_a_name_on_one_line(name: str, object_name: str, description: str) -> None:
    shown = display_name("p" + name, "site", object_name, description)
    assert shown.strip()
    if shown != "p" + name:
        assert shown == shown.strip()
    assert description.strip() == "" or "\n" not in shown.removeprefix("p" + name)


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_unescaping_undoes_what_niagara_does(name: str) -> None:
    escaped = "".join(
        c if c.isascii() and c.isalnum() else f"${ord(c):02x}" if ord(c) < 256 else f"$u{ord(c):04x}"
        for c in name
        if ord(c) < 2**16
    )
    assert unescaped(escaped) == "".join(c for c in name if ord(c) < 2**16)
