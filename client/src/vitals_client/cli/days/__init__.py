"""Commands about the days of a site."""
