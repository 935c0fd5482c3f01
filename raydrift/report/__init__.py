"""What a run shows people: tables, plots, contact sheets and a page."""
