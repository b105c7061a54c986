"""What somebody might try who means no good, or whose proxy or library is odd: each of it once."""
