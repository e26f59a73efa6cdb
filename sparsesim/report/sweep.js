// A sweep's page: a point that is pressed, in the chart or the table, is shown with its layers.
(() => {
  const { points, layers, first, varying } = sparsesim.data;
  const chart = JSON.parse(document.getElementById("charts").textContent).charts.layers;
  const rows = [...document.querySelectorAll("table.points tbody tr")];

  function cells(pairs) {
    const body = document.createElement("tbody");
    for (const [name, value] of pairs) {
      const row = body.insertRow();
      row.insertCell().textContent = name;
      const cell = row.insertCell();
      cell.className = "number";
      cell.textContent = value;
    }
    const table = document.createElement("table");
    table.append(body);
    return table;
  }

  function choose(key, scroll) {
    const point = points[key];
    if (!point) return;
    rows.forEach((row) => row.classList.toggle("own", row.dataset.key === key));
    document.getElementById("point-said").textContent =
      varying.map((name) => `${name} ${point.parameters[name]}`).join(", ")
      + (key in layers ? "" : ". Layers are kept for points of the front.");
    const fixed = Object.entries(point.parameters).filter(([name]) => !varying.includes(name));
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "all parameters";
    details.append(summary, cells(fixed));
    document.getElementById("point-table").replaceChildren(
      cells(Object.entries(point.metrics)), details,
    );
    const spec = structuredClone(chart);
    const values = (layers[key] ?? []).map((layer) => ({ ...layer }));
    spec.data = { values };
    (spec.layer ?? []).forEach((layer) => delete layer.data);
    sparsesim.show("layers", spec);
    if (scroll) document.getElementById("point").scrollIntoView({ behavior: "smooth" });
  }

  rows.forEach((row) => {
    row.addEventListener("click", () => choose(row.dataset.key, true));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(row.dataset.key, true);
    });
  });
  document.getElementById("filter")?.addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    });
  });
  sparsesim.watch((name, view) => {
    if (name !== "front") return;
    view.addEventListener("click", (_, item) => {
      if (item?.datum?.key) choose(item.datum.key, true);
    });
  });
  if (first) choose(first, false);
})();
