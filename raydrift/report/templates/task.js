draw("quality", "all");
draw("answers", "all");
