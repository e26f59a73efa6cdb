// A sweep's page: a point that is pressed, in a chart or a table, is shown with its layers.
(() => {
  const { points, charts, dense, first, varying, metrics } = sparsesim.data;
  const rows = [...document.querySelectorAll("table.points tbody tr")];
  const views = {}; // of the charts that show points, by name
  let chosen = first;

  function cells(names, values) {
    const body = document.createElement("tbody");
    names.forEach((name, index) => {
      const row = body.insertRow();
      row.insertCell().textContent = name;
      const cell = row.insertCell();
      cell.className = "number";
      cell.textContent = values[index];
    });
    const table = document.createElement("table");
    table.append(body);
    return table;
  }

  function choose(key, scroll) {
    const point = points[key];
    if (!point) return;
    chosen = key;
    rows.forEach((row) => row.classList.toggle("own", row.dataset.key === key));
    document.getElementById("point-said").textContent =
      varying.map((name, index) => `${name} ${point[0][index]}`).join(", ")
      + (key in charts ? "" : ". Layers are kept for points of the front.");
    document.getElementById("point-table").replaceChildren(cells(metrics, point[1]));
    document.getElementById("point-take").textContent =
      (dense[key] ? `${dense[key]} ` : "")
      + `Its accelerator: sparsesim report DIR --point ${key.slice(0, 12)} --as toml`;
    for (const name of ["layers", "roofline"]) {
      const spec = sparsesim.chart(name);
      const none = { layers: [], parts: [], roof: [] };
      sparsesim.show(name, { ...spec, datasets: charts[key] ?? none });
    }
    Object.values(views).forEach(mark);
    if (scroll) document.getElementById("point").scrollIntoView({ behavior: "smooth" });
  }

  function mark(view) {
    try { view.signal("chosen", chosen).runAsync(); } catch { /* a chart without a ring */ }
  }

  rows.forEach((row) => {
    row.addEventListener("click", () => choose(row.dataset.key, true));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(row.dataset.key, true);
    });
  });
  document.querySelectorAll("input.filter").forEach((input) => {
    const mine = input.closest("section").querySelectorAll("tbody tr");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      mine.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      });
    });
  });
  sparsesim.watch((name, view) => {
    if (["layers", "roofline"].includes(name)) return;
    view.addEventListener("click", (_, item) => {
      if (item?.datum?.key) choose(item.datum.key, true);
    });
    views[name] = view;
    mark(view);
  });
  if (first) choose(first, false);
})();
