"""Makes `python -m vitals_client` the command `vitals`."""

from vitals_client.cli import main

main()
