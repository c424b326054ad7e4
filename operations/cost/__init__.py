"""The bill of a month, from the template, measured units and list prices: `make cost`."""
