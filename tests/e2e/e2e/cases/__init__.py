"""One module for each topic; every module here is found by itself."""
