"use strict";
// Origins: what was made from what, and in which state the last audit found it.
(() => {
  const { lineage, audit } = window;
  if (!lineage) return; // the page then says itself where to look
  // From the best to the worst.
  const VERDICTS = ["intact", "not audited", "drifted", "stale", "unrecorded", "tampered"];
  const files = new Map(lineage.files.map((file) => [file.path, file]));

  // ---- elements
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const drawn = (tag, attributes, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const code = (text) => make("code", {}, text);
  const slug = (verdict) => verdict.replace(" ", "-");
  const marked = (verdict, words = verdict) => make("span", { class: `verdict ${slug(verdict)}` },
    drawn("svg", { class: `mark ${slug(verdict)}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
      drawn("use", { href: `#mark-${slug(verdict)}` })), words);

  // ---- words
  const clock = (time) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const span = (seconds) => (seconds < 100 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`);
  const size = (bytes) => `${bytes.toLocaleString("en")} bytes`;
  const flat = (value, name = "") => (value && typeof value === "object" && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => flat(inner, name ? `${name}.${key}` : key))
    : [`${name} = ${JSON.stringify(value)}`]);

  // ---- states
  const stateOf = (file) => {
    const found = audit && audit.files[file.path];
    const job = lineage.jobs[file.job];
    const since = job && audit && Date.parse(job.started) > Date.parse(audit.time);
    return found && !since ? found : { verdict: "not audited", changes: [] };
  };
  const worst = (verdicts) => VERDICTS[Math.max(0, ...verdicts.map((each) => VERDICTS.indexOf(each)))];
  const verdictOn = (members) => worst(members.map((file) => stateOf(file).verdict));
  const counted = (members) => {
    const counts = VERDICTS.map((verdict) =>
      [members.filter((file) => stateOf(file).verdict === verdict).length, verdict]).filter(([n]) => n);
    const words = counts.length > 1 ? counts.reverse().map((pair) => pair.join(" ")).join(", ") : undefined;
    return marked(verdictOn(members), words);
  };
  const filesOf = (group) => group.files.map((place) => lineage.files[place]);
  const parts = (path) => {
    const { groups } = lineage.drawings[path];
    const own = groups.findIndex((group) => filesOf(group).some((file) => file.path === path));
    return { own: filesOf(groups[own]), below: groups.filter((_, place) => place !== own).flatMap(filesOf) };
  };
  const verdictWords = (path) => {
    const { own, below } = parts(path);
    const [mine, theirs] = [verdictOn(own), verdictOn(below)];
    return VERDICTS.indexOf(theirs) > VERDICTS.indexOf(mine)
      ? marked(theirs, `${mine}; ${theirs} below`) : marked(mine);
  };

  for (const place of document.querySelectorAll(".state")) {
    const { path, sha256 } = place.dataset;
    if (!lineage.drawings[path]) continue;
    place.replaceChildren(sha256 && sha256 !== files.get(path).sha256
      ? marked("stale", "not the picture on record") : verdictWords(path));
    if (audit) place.title = `by the audit of ${clock(audit.time)}`;
  }

  const summarise = () => {
    const known = Object.keys(audit.files).map((path) => files.get(path) || { path });
    const tallies = VERDICTS.map((verdict) => [known.filter((file) => stateOf(file).verdict === verdict), verdict]);
    const text = make("p", {}, `Audited ${clock(audit.time)}, ${known.length} files: `);
    for (const [some, verdict] of tallies) {
      const words = verdict === "not audited" ? "made anew since" : verdict;
      if (some.length) text.append(make("span", { class: "tally" }, marked(verdict, `${some.length} ${words}`)));
    }
    const changed = known.filter((file) => stateOf(file).changes.length);
    const list = make("details", {}, make("summary", {}, "What is not as it was recorded"),
      make("ul", {}, ...changed.map((file) => make("li", {}, code(file.path), changesOf(file)))));
    document.querySelector("#states").replaceChildren(text, ...(changed.length ? [list] : []));
  };
  const changesOf = (file) => make("ul", { class: "changes" },
    ...stateOf(file).changes.map((words) => make("li", {}, words)));

  // ---- facts
  const table = (rows) => make("dl", { class: "facts" },
    ...rows.flatMap(([name, ...content]) => [make("dt", {}, name), make("dd", {}, ...content)]));
  const settingsOf = (job) => {
    const lines = flat(lineage.settings[job.settings]).filter((line) => !line.startsWith(" = "));
    if (!lines.length) return "none of its own";
    const list = make("ul", { class: "settings" }, ...lines.map((line) => make("li", {}, code(line))));
    return lines.length < 5 ? list : make("details", {}, make("summary", {}, `${lines.length} settings`), list);
  };
  const commitOf = (job) => (job.commit
    ? [code(job.commit.slice(0, 12)), job.dirty ? ", with changes that are not in it" : ""] : ["none"]);
  const nameOf = (job) => [code(job.rule),
    ` ${Object.entries(job.wildcards).map((pair) => pair.join(" ")).join(", ")}`];
  const circumstancesOf = (job) => [
    `seed ${job.seed}`, `lock ${job.lock}`, `Python ${job.python}`, job.processor].join(" · ");
  const sourceOf = (file) => {
    const name = file.path.split("/").pop();
    const article = document.querySelector(`#data article[data-file="${CSS.escape(name)}"]`);
    const [title, home] = article ? [article.querySelector("h4").textContent, article.querySelector(".home")] : [name];
    return make("span", { class: "source" }, `${title}: `, ...(home ? Array.from(home.cloneNode(true).childNodes) : []));
  };
  const factsOf = (path) => {
    const { own, below } = parts(path);
    const job = lineage.jobs[files.get(path).job];
    const before = new Set(below.map((file) => file.job).filter((place) => place !== null));
    const seconds = [...before].reduce((sum, place) => sum + lineage.jobs[place].seconds, job.seconds);
    const raw = below.filter((file) => file.kind === "raw");
    const others = new Set([...before].map((place) => lineage.jobs[place].commit).filter((commit) => commit !== job.commit));
    return table([
      ["state", verdictWords(path), audit ? ` by the audit of ${clock(audit.time)}` : ": ",
        ...(audit ? own.filter((file) => stateOf(file).changes.length).map(changesOf)
          : [code(`unrolled audit ${path}`), " tells"])],
      ["made", `${clock(job.started)} in ${span(job.seconds)}`,
        before.size ? `; ${span(seconds)} with ${before.size === 1 ? "the job" : `the ${before.size} jobs`} before it` : ""],
      ["commit", ...commitOf(job), others.size ? `; of what it was made from: ${[...others].map((commit) => (commit || "none").slice(0, 12)).join(", ")}` : ""],
      ["data", ...(raw.length ? raw.map(sourceOf) : ["generated by the project itself"])],
      ["settings", settingsOf(job)],
      ["with", circumstancesOf(job)],
    ]);
  };

  // ---- one group of the drawing, in full
  const describe = (file, open) => {
    const job = lineage.jobs[file.job];
    const rows = [["sha256", code(file.sha256)], ["size", size(file.bytes)]];
    if (file.kind === "raw") rows.push(["home", sourceOf(file)]);
    if (job) {
      rows.push(["rule", ...nameOf(job)], ["made", `${clock(job.started)} in ${span(job.seconds)}`],
        ["commit", ...commitOf(job)], ["settings", settingsOf(job)], ["with", circumstancesOf(job)]);
    }
    return make("details", open ? { open: "" } : {},
      make("summary", {}, code(file.path), " ", marked(stateOf(file).verdict)), changesOf(file), table(rows));
  };

  // ---- the drawing
  const chart = (drawing, panel) => {
    const boxes = drawing.groups.map((group) => make("button", { type: "button", class: "box", "aria-pressed": "false" },
      make("b", {}, group.name), make("span", { class: "rule" }, group.rule.replaceAll("_", " ") || "no job on record"),
      counted(filesOf(group))));
    const lines = drawing.edges.map(() => drawn("path", { class: "edge" }));
    const columns = drawing.columns.map((heading, place) => make("div", { class: "column" },
      make("span", { class: "heading" }, heading === drawing.columns[place - 1] ? "" : heading),
      ...boxes.filter((_, index) => drawing.groups[index].column === place)));
    const whole = make("div", { class: "chart", role: "group", "aria-label": "What was made from what" },
      drawn("svg", { class: "edges", "aria-hidden": "true" }, ...lines), ...columns);

    boxes.forEach((box, index) => {
      const touch = (on) => lines.forEach((line, place) => {
        if (drawing.edges[place].includes(index)) line.classList.toggle("on", on);
      });
      for (const event of ["mouseenter", "focus"]) box.addEventListener(event, () => touch(true));
      for (const event of ["mouseleave", "blur"]) box.addEventListener(event, () => touch(false));
      box.title = filesOf(drawing.groups[index]).slice(0, 4)
        .map((file) => `${file.path}\n${file.sha256.slice(0, 12)}, ${stateOf(file).verdict}`).join("\n")
        + (drawing.groups[index].files.length > 4 ? "\n…" : "");
      box.addEventListener("click", () => {
        boxes.forEach((other) => other.setAttribute("aria-pressed", String(other === box)));
        const members = filesOf(drawing.groups[index]);
        panel.replaceChildren(...members.map((file) => describe(file, members.length === 1)));
      });
    });
    const route = () => {
      const down = getComputedStyle(whole).flexDirection === "column";
      const at = (box) => [box.offsetLeft, box.offsetTop, box.offsetWidth, box.offsetHeight];
      drawing.edges.forEach(([from, to], place) => {
        const [x, y, w, h] = at(boxes[from]);
        const [u, v, s, t] = at(boxes[to]);
        const [a, b, c, d] = down ? [x + w / 2, y + h, u + s / 2, v] : [x + w, y + h / 2, u, v + t / 2];
        const [m, n] = [(a + c) / 2, (b + d) / 2];
        lines[place].setAttribute("d", down
          ? `M${a} ${b}C${a} ${n} ${c} ${n} ${c} ${d}` : `M${a} ${b}C${m} ${b} ${m} ${d} ${c} ${d}`);
      });
    };
    new ResizeObserver(route).observe(whole);
    return whole;
  };

  const fill = (place, path) => {
    const panel = make("div", { class: "panel", "aria-live": "polite" },
      make("p", { class: "small" }, "Touch a box to see its files, their sums and how they were made."));
    place.replaceChildren(factsOf(path), chart(lineage.drawings[path], panel), panel);
  };
  for (const details of document.querySelectorAll("details.origin")) {
    const pictures = JSON.parse(details.dataset.of).filter(([, path]) => lineage.drawings[path]);
    if (!pictures.length) continue;
    details.addEventListener("toggle", () => {
      const place = make("div", { class: "lineage" });
      fill(place, pictures[0][1]);
      const choice = make("select", { "aria-label": "Which picture" },
        ...pictures.map(([label, path]) => make("option", { value: path }, label)));
      choice.addEventListener("change", () => fill(place, choice.value));
      details.replaceChildren(details.firstElementChild, ...(pictures.length > 1 ? [choice] : []), place);
    }, { once: true });
  }
  if (audit) summarise();
})();
