"""Scores over HTTP, and a page to look at: FastAPI and uvicorn in front of worker processes (extra ``server``).

One process speaks HTTP and never scores; each worker process holds the model and scores one text at a time.
"""
