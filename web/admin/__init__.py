"""The admin backend: pages with which a municipality keeps its answers, people and numbers true."""
