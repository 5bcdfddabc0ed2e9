"""Sample practices and their synthetic months: nobody in here is a real person."""
