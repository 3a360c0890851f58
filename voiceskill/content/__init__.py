"""The content: what can be asked, what is answered, and what must never be answered."""
