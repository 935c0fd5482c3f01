"""When a drift happens, how strongly, and to whom: drifts on a timeline, and shifts of classes."""
