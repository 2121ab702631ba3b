"""Django mail backend."""
