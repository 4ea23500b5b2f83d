"""What all objects of the directory share: how their index is queried and searched."""
