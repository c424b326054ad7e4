"""Building Vitals: what every function shares. Pure modules first, one module per tier, one config."""
