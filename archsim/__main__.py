"""``python -m archsim``: the command line."""

from archsim.cli import main

if __name__ == "__main__":
    main()
