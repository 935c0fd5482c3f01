"use strict";
const figures = JSON.parse(document.getElementById("figures").textContent);
// A finger that moves over a plot scrolls the page; only a mouse zooms.
const mouse = window.matchMedia("(pointer: fine)").matches;
const config = { responsive: true, displaylogo: false, displayModeBar: mouse ? "hover" : false };
for (const [place, { data, layout }] of Object.entries(figures)) {
  Plotly.newPlot(place, data, { ...layout, dragmode: mouse ? "zoom" : false }, config);
  nameLines(place, data.filter((one) => one.name && one.showlegend !== false));
}

// The names of the lines, above the plot; a click hides a line.
function nameLines(place, lines) {
  const list = document.querySelector(`[data-names="${place}"]`);
  if (lines.length < 2) return list.remove();
  for (const { name, legendgroup, line } of lines) {
    const button = document.createElement("button");
    const dash = { dash: "dashed", dot: "dotted" }[line.dash] || "solid";
    button.type = "button";
    button.style.setProperty("--line", `3px ${dash} ${line.color}`);
    button.textContent = name;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const visible = button.getAttribute("aria-pressed") !== "true";
      const traces = [...document.getElementById(place).data.keys()]
        .filter((number) => figures[place].data[number].legendgroup === legendgroup);
      button.setAttribute("aria-pressed", String(visible));
      Plotly.restyle(place, { visible }, traces);
    });
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  }
}

for (const box of document.querySelectorAll("[data-log]")) {
  box.addEventListener("change", () => {
    const { log, ticks } = box.dataset;
    Plotly.relayout(log, {
      "yaxis.type": box.checked ? "log" : "linear",
      "yaxis.dtick": box.checked ? (ticks === "1" ? 1 : ticks) : null,
      "yaxis.autorange": true,
    });
  });
}

const slider = document.getElementById("save");  // if there are several
if (slider) {
  const shown = document.getElementById("shown");
  const buttons = [...document.querySelectorAll("#saves button")];
  const show = (number) => {
    const name = buttons[number].textContent;
    slider.value = number;
    shown.src = buttons[number].querySelector("img").src;
    shown.alt = `Generated images: ${name}`;
    document.getElementById("saved").textContent = name;
    buttons.forEach((one, place) => one.setAttribute("aria-pressed", place === number));
    const row = document.getElementById("saves");
    const { offsetLeft, offsetWidth } = buttons[number].parentElement;
    row.scrollLeft = offsetLeft - row.offsetLeft - (row.clientWidth - offsetWidth) / 2;
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  buttons.forEach((one, place) => one.addEventListener("click", () => show(place)));
  show(buttons.length - 1);
}
