"""A package, or a dependency's own `tests` in site-packages would be imported in its place."""
