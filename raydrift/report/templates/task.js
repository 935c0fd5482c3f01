draw("accuracy", "all");
draw("answers", "all");
