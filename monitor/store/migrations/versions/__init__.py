"""How the database came to its present form; applied by the program itself when it opens one."""
