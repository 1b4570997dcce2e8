"""The command line: parses into Settings, calls one function, maps errors to exit codes. May import all."""
