"""Services of AWS in memory, as far as the product uses them."""
