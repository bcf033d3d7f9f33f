"""What writes the pages in `docs` that are made from the code. Run from the repository's folder."""
