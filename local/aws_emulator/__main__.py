"""`python -m local.aws_emulator`."""

from local.aws_emulator.emulator import main

main()
