"""The chart page in a browser: from a click to what it draws, and its longest tasks."""
