"""`python -m vitals_client` is the command `vitals`."""

from vitals_client.cli import main

main()
