"use strict";
(() => {
  const one = (where, what) => where.querySelector(what);
  const all = (where, what) => Array.from(where.querySelectorAll(what));

  // Light or dark: the reader's system decides until she does.
  const root = document.documentElement;
  const remembered = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("unrolled-theme", value);
      return localStorage.getItem("unrolled-theme");
    } catch {
      return null; // storage may be off; the choice then lasts as long as the page
    }
  };
  if (remembered()) root.dataset.theme = remembered();
  one(document, "#theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remembered(root.dataset.theme);
  });

  // A link to a claim opens the group that it is in, whatever the filter hides.
  const filters = all(document, ".filter");
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const group = target && target.closest("details.claim");
    if (!group) return;
    filters.filter((form) => form.closest(".paper").contains(target)).forEach((form) => {
      form.reset();
      filter(form);
    });
    group.open = true;
    target.scrollIntoView({ block: target === group ? "start" : "center" });
  };

  // Filter: rows by verdict and words; a group with no row left goes, the others open.
  const filter = (form) => {
    const verdict = form.elements.verdict.value;
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Boolean(verdict || words.length);
    let shown = 0;
    for (const group of all(form.closest(".paper"), "details.claim")) {
      let left = 0;
      for (const row of all(group, "tr[data-verdict]")) {
        const fits = (!verdict || row.dataset.verdict === verdict)
          && words.every((word) => row.dataset.words.includes(word));
        row.hidden = !fits;
        const why = row.nextElementSibling;
        if (why && why.dataset.of === row.id) why.hidden = !fits;
        left += fits;
      }
      group.hidden = !left;
      if (active) group.open = left > 0;
      shown += left;
    }
    one(form, "output").textContent = active ? `${shown} shown` : "";
  };
  for (const form of filters) {
    form.addEventListener("input", () => filter(form));
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  addEventListener("hashchange", reveal);
  reveal();

  // Figures, enlarged: click or arrow keys; a click on the picture shows every pixel.
  const viewer = one(document, "#viewer");
  const plates = all(document, ".enlarge");
  let current = 0;
  const show = (index) => {
    current = (index + plates.length) % plates.length;
    const image = one(plates[current], "img");
    const large = one(viewer, "img");
    large.src = image.src;
    large.alt = image.alt;
    one(viewer, ".viewer-body").classList.remove("full");
    one(viewer, ".viewer-bar b").textContent = plates[current].dataset.title;
    if (!viewer.open) viewer.showModal();
  };
  plates.forEach((plate, index) => plate.addEventListener("click", () => show(index)));
  for (const button of all(viewer, "[data-go]")) {
    button.addEventListener("click", () => show(current + Number(button.dataset.go)));
  }
  one(viewer, "[data-close]").addEventListener("click", () => viewer.close());
  one(viewer, ".viewer-body").addEventListener("click", (event) => {
    if (event.target.tagName === "IMG") event.currentTarget.classList.toggle("full");
    else viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(current - 1);
    if (event.key === "ArrowRight") show(current + 1);
  });

  // Run times, if their file is there: longest first, sorted by a click on a heading.
  const times = window.runTimes;
  if (!Array.isArray(times) || !times.length) return;
  const table = one(document, "#times-table");
  const number = (value, factor, digits) => (typeof value === "number" ? (value * factor).toFixed(digits) : "");
  const fill = () => {
    one(table, "tbody").replaceChildren(...times.map((job) => {
      const row = document.createElement("tr");
      const cells = [job.job, number(job.seconds, 1, 1), number(job.peak_memory, 1e-6, 0),
        String(job.start ?? "").replace("T", " ").slice(0, 19)];
      cells.forEach((text, index) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (index === 1 || index === 2) cell.className = "n";
        row.append(cell);
      });
      return row;
    }));
  };
  for (const button of all(table, "th button")) {
    button.addEventListener("click", () => {
      const key = button.dataset.key;
      const falling = button.getAttribute("aria-sort")
        ? button.getAttribute("aria-sort") === "ascending" : key !== "job";
      all(table, "th button").forEach((other) => other.removeAttribute("aria-sort"));
      button.setAttribute("aria-sort", falling ? "descending" : "ascending");
      times.sort((a, b) => {
        const [x, y] = [a[key] ?? "", b[key] ?? ""];
        return (x < y ? -1 : x > y ? 1 : 0) * (falling ? -1 : 1);
      });
      fill();
    });
  }
  const total = times.reduce((sum, job) => sum + (Number(job.seconds) || 0), 0);
  one(document, "#times-words").textContent =
    `${times.length} jobs, ${(total / 60).toFixed(1)} minutes of jobs in all (several run side by side). ` +
    "Touch a heading to sort.";
  table.hidden = false;
  fill();
})();
