"""How a figure is printed."""


def show(name: str, value: float, unit: str, bar: float | None = None) -> int:
    """Prints one figure; 1 when it misses its bar."""
    missed = bar is not None and value > bar
    against = "" if bar is None else f"   bar {bar:g}{'   MISSED' if missed else ''}"
    print(f"  {name:<56}{value:>12,.2f} {unit:<12}{against}")
    return int(missed)
