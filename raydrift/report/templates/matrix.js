"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const config = { responsive: true, displaylogo: false, displayModeBar: false };

function show(name) {
  const { data, layout } = figures.matrix[name];
  Plotly.react("matrix", data, { ...layout, dragmode: false }, config);
  for (const text of document.querySelectorAll("[data-table]")) {
    text.hidden = text.dataset.table !== name;
  }
}

const table = document.getElementById("table");
table.addEventListener("change", () => show(table.value));
show(table.value);
