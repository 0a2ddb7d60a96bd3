"""Stage 3: data dirs and mouth clips packed into large archives."""
