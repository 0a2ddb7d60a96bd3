"""The multilingual gap: what learning two languages costs, and what pictures save of it."""
