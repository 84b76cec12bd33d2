"""Kind ``local_files``: payloads as files in a folder."""
