"""Pages for people, a module a noun."""
