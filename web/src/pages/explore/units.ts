// BACnet's names of units as people write them.

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

/** A unit's symbol, or the unit as the site names it. */
export function symbol(unit: string): string {
  return WRITTEN.get(unit) ?? unit;
}
