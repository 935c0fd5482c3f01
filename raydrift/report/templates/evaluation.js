"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
// A finger that moves over a plot scrolls the page; only a mouse zooms.
const mouse = window.matchMedia("(pointer: fine)").matches;
const config = { responsive: true, displaylogo: false, displayModeBar: mouse ? "hover" : false };

function draw(place, choice) {
  const { data, layout } = figures[place][choice];
  Plotly.react(place, data, { ...layout, dragmode: mouse ? "zoom" : false }, config);
}

function drawMetric(name) {
  draw("boxes", name);
  draw("lines", name);
  for (const text of document.querySelectorAll("[data-metric]")) {
    text.hidden = text.dataset.metric !== name;
  }
}

const metric = document.getElementById("metric");
const level = document.getElementById("level");
metric.addEventListener("change", () => drawMetric(metric.value));
level.addEventListener("change", () => draw("classes", level.value));
drawMetric(metric.value);
draw("classes", level.value);
