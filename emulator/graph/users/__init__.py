"""People in the directory, who manages whom, and what belongs to a person alone."""
