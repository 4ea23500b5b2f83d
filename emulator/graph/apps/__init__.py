"""Applications, and the service principals by which they are present in a tenant."""
