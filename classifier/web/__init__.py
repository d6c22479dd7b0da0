"""A page and a JSON API over the same reading and scoring as the command: `slantwise serve`.

The server (`app`) takes requests to files in a folder of their own (`received`), and hands them to processes that score
(`pool`), each of which holds the model (`worker`) and answers in the form that was asked for (`forms`). It keeps
nothing: rows, downloads and explanations are all made from the articles that come with the request.
"""
