"""Directory roles and administrative units: who may administer what."""
