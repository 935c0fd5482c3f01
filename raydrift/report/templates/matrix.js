"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const config = { responsive: true, displaylogo: false, displayModeBar: false };

function draw(place, { data, layout }) {
  Plotly.react(place, data, { ...layout, dragmode: false }, config);
}

function show(name) {
  draw("matrix", figures.matrix[name]);
  for (const text of document.querySelectorAll("[data-table]")) {
    text.hidden = text.dataset.table !== name;
  }
}

const table = document.getElementById("table");
table.addEventListener("change", () => show(table.value));
show(table.value);

if (figures.corruptions) {
  const severity = document.getElementById("severity");  // if there are several
  const drawn = () => severity ? severity.value : Object.keys(figures.corruptions)[0];
  const drawCorruptions = () => draw("corrupted", figures.corruptions[drawn()]);
  if (severity) severity.addEventListener("change", drawCorruptions);
  drawCorruptions();
}
