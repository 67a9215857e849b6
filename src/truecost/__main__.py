"""`python -m truecost`."""

from truecost.cli import main

if __name__ == "__main__":
    main(prog_name="truecost")
