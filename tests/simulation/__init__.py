"""A seeded simulation of the whole product in virtual time; README.md describes it."""
