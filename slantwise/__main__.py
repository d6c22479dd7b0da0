"""`python -m slantwise` is the command."""

from slantwise.command import main

if __name__ == "__main__":
    main()
