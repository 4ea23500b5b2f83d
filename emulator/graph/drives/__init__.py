"""OneDrive and document libraries: drives, files and folders, sharing, transfer."""
