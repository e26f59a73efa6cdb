// Draws the charts in the page's colours, again when those or the width change, and sorts tables.
const sparsesim = (() => {
  const { charts, themes, data } = JSON.parse(document.getElementById("charts").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const narrow = window.matchMedia("(max-width: 48rem)");
  const drawn = {}; // by name
  const watchers = []; // called with a chart's name and view whenever it was drawn

  function draw() {
    for (const [name, spec] of Object.entries(charts)) show(name, spec);
  }

  function show(name, spec) {
    charts[name] = spec;
    const theme = structuredClone(dark.matches ? themes.dark : themes.light);
    if (narrow.matches) {
      theme.axisY.labelLimit = 140;
      theme.axisY.labelFontSize = 10;
      theme.axis.labelFontSize = theme.axis.titleFontSize = 11;
      theme.legend.columns = 1; // it starts behind the labels, and would be cut
    }
    const options = {
      config: theme, actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: name, renderer: "svg", mode: "vega-lite",
      tooltip: { theme: dark.matches ? "dark" : "light" },
    };
    window.vegaEmbed(`#chart-${name}`, structuredClone(spec), options).then((result) => {
      drawn[name]?.finalize();
      drawn[name] = result;
      watchers.forEach((watch) => watch(name, result.view));
    });
  }

  function sort(table, column, heading) {
    const down = heading.getAttribute("aria-sort") !== "descending";
    table.querySelectorAll("th").forEach((th) => th.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => {
      const key = row.cells[column].dataset.value;
      return key === undefined ? row.cells[column].textContent : Number(key);
    };
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
    const body = table.tBodies[0];
    [...body.rows].sort((a, b) => order(value(a), value(b))).forEach((row) => body.append(row));
  }

  document.querySelectorAll("table.layers").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      heading.tabIndex = 0;
      heading.addEventListener("click", () => sort(table, column, heading));
      heading.addEventListener("keydown", (event) => {
        if (event.key === "Enter") sort(table, column, heading);
      });
    });
  });
  dark.addEventListener("change", draw);
  narrow.addEventListener("change", draw);
  draw();
  return { data, show, chart: (name) => charts[name], watch: (watcher) => watchers.push(watcher) };
})();
