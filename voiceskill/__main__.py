"""``python -m voiceskill``."""

from voiceskill.cli import main

if __name__ == "__main__":
    main()
