"""A bare Rasa project that knows the same topics: what we compare ourselves with. `config.yml` and `actions.py` are
as such a project has them; the rest is written from ours by `project.py`, so that both stay in step."""
