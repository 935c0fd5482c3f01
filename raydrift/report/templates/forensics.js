"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
const config = { responsive: true, displaylogo: false, displayModeBar: false };
const { data, layout } = figures.parts;
Plotly.newPlot("parts", data, { ...layout, dragmode: false }, config);
