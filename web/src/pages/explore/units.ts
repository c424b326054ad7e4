// Symbols of BACnet units.

const WRITTEN = new Map(
  Object.entries({
    amperes: "A",
    btusPerHour: "BTU/h",
    cubicFeetPerMinute: "cfm",
    cubicMetersPerHour: "m³/h",
    degreesAngular: "°",
    degreesCelsius: "°C",
    degreesFahrenheit: "°F",
    degreesKelvin: "K",
    hertz: "Hz",
    hours: "h",
    inchesOfWater: "inH₂O",
    kilopascals: "kPa",
    kilowattHours: "kWh",
    kilowatts: "kW",
    litersPerSecond: "l/s",
    luxes: "lx",
    megawattHours: "MWh",
    metersPerSecond: "m/s",
    minutes: "min",
    noUnits: "",
    partsPerMillion: "ppm",
    pascals: "Pa",
    percent: "%",
    percentRelativeHumidity: "% RH",
    poundsForcePerSquareInch: "psi",
    revolutionsPerMinute: "rpm",
    seconds: "s",
    usGallonsPerMinute: "gpm",
    volts: "V",
    wattHours: "Wh",
    watts: "W",
  }),
);

/** Returns the symbol of a unit, or the unit itself when it has none. */
export function symbol(unit: string): string {
  return WRITTEN.get(unit) ?? unit;
}
