"""The site that most tests have."""

SITE = "ses_falls_city"
