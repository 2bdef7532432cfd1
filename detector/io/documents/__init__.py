"""Files of other programs (web pages, PDF, DOCX, EPUB) to text, read in a child process with limits."""
