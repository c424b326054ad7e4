"""What the product costs, in deterministic units and in ratios within one run: `make bench`."""
