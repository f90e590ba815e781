"""Changes the package line by line, to see whether a test notices; `make mutants`."""
