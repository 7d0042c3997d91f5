"""What the charts of the home page are drawn from, each with what it means.

Days are those of the person's time zone. A playlist that is reshuffled several
times on one day counts once that day, so that a hurried one does not hide the
others.
"""
