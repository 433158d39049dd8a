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
  const breakable = (name) => name.split(/(?<=[-_/])/).flatMap((part) => [part, make("wbr", {})]);
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
      ? marked(theirs, `${mine}; ${theirs} further back`) : marked(mine);
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
    const alike = new Map(); // files of which the same is said stand together
    for (const file of known.filter((each) => stateOf(each).changes.length)) {
      const said = JSON.stringify(stateOf(file).changes);
      alike.set(said, [...(alike.get(said) || []), file]);
    }
    const list = make("details", {}, make("summary", {}, "What is not as it was recorded"),
      make("ul", {}, ...[...alike.values()].map((some) => make("li", {},
        ...some.flatMap((file) => [code(file.path), " "]), changesOf(...some)))));
    document.querySelector("#states").replaceChildren(text, ...(alike.size ? [list] : []));
  };
  const changesOf = (...some) => make("ul", { class: "changes" },
    ...[...new Set(some.flatMap((file) => stateOf(file).changes))].map((words) => make("li", {}, words)));

  // ---- facts
  const table = (rows) => make("dl", { class: "facts" },
    ...rows.flatMap(([name, ...content]) => [make("dt", {}, name), make("dd", {}, ...content)]));
  const settingsOf = (job) => {
    const lines = flat(lineage.settings[job.settings]);
    if (!lines.length) return "none of its own";
    const list = make("ul", { class: "settings" }, ...lines.map((line) => make("li", {}, code(line))));
    return lines.length < 5 ? list : make("details", {}, make("summary", {}, `${lines.length} settings`), list);
  };
  const stepsOf = (places) => {
    const distinct = new Map([...places].map((place) => lineage.jobs[place])
      .map((job) => [`${job.rule} ${job.settings}`, job]));
    return make("details", {}, make("summary", {}, "of the steps before it"),
      ...[...distinct.values()].map((job) => make("div", {}, code(job.rule), ": ", settingsOf(job))));
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
        ...(audit ? [changesOf(...own)] : [code(`unrolled audit ${path}`), " tells"])],
      ["made", `${clock(job.started)} in ${span(job.seconds)}`,
        before.size ? `; ${span(seconds)} with ${before.size === 1 ? "the job" : `the ${before.size} jobs`} before it` : ""],
      ["commit", ...commitOf(job), others.size ? `; of what it was made from: ${[...others].map((commit) => (commit || "none").slice(0, 12)).join(", ")}` : ""],
      ["data", ...(raw.length ? raw.map(sourceOf) : ["generated by the project itself"])],
      ["settings", settingsOf(job), before.size ? stepsOf(before) : ""],
      ["ran with", circumstancesOf(job)],
    ]);
  };

  // ---- one group of the drawing, in full
  const describe = (file, open) => {
    const job = lineage.jobs[file.job];
    const rows = [["sha256", code(file.sha256)], ["size", size(file.bytes)]];
    if (file.kind === "raw") rows.push(["home", sourceOf(file)]);
    if (job) {
      rows.push(["rule", ...nameOf(job)], ["made", `${clock(job.started)} in ${span(job.seconds)}`],
        ["commit", ...commitOf(job)], ["settings", settingsOf(job)], ["ran with", circumstancesOf(job)]);
    }
    return make("details", open ? { open: "" } : {},
      make("summary", {}, code(file.path), " ", marked(stateOf(file).verdict)), changesOf(file), table(rows));
  };

  // ---- the drawing
  const madeBy = (group, slug) => group.rule.replace(`${slug}_`, "").replaceAll("_", " ")
    || (filesOf(group)[0].kind === "source" ? "in the repository" : "no job on record");
  const chart = (path, panel) => {
    const drawing = lineage.drawings[path];
    const boxes = drawing.groups.map((group) => make("button", { type: "button", class: "box", "aria-pressed": "false" },
      make("b", {}, ...breakable(group.name)), make("span", { class: "rule" }, madeBy(group, path.split("/")[2])),
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
    // An edge to the next column goes straight there; those that pass a column by leave their box
    // on a lane of its own, beside all boxes.
    const passes = ([from, to]) => drawing.groups[to].column - drawing.groups[from].column > 1;
    const lanes = [...new Set(drawing.edges.filter(passes).map(([from]) => from))];
    whole.style.setProperty("--lanes", lanes.length);
    const route = () => {
      const down = getComputedStyle(whole).flexDirection === "column";
      const at = (box) => (down
        ? [box.offsetTop, box.offsetLeft, box.offsetHeight, box.offsetWidth]
        : [box.offsetLeft, box.offsetTop, box.offsetWidth, box.offsetHeight]);
      const xy = (along, across) => (down ? `${across} ${along} ` : `${along} ${across} `);
      const beside = Math.max(...boxes.map(at).map(([, across, , wide]) => across + wide)) + 10;
      drawing.edges.forEach((edge, place) => {
        const [from, to] = edge;
        const [a, b, long, wide] = at(boxes[from]);
        const [end, d, , width] = at(boxes[to]);
        const [start, one, two] = [a + long, b + wide / 2, d + width / 2];
        const lane = beside + 7 * lanes.indexOf(from);
        const bend = passes(edge) ? 16 : (end - start) / 2;
        lines[place].setAttribute("d", passes(edge)
          ? `M${xy(start, one)}C${xy(start + bend, one)}${xy(start, lane)}${xy(start + bend, lane)}`
            + `L${xy(end - bend, lane)}C${xy(end, lane)}${xy(end - bend, two)}${xy(end, two)}`
          : `M${xy(start, one)}C${xy(start + bend, one)}${xy(end - bend, two)}${xy(end, two)}`);
      });
    };
    new ResizeObserver(route).observe(whole);
    return whole;
  };

  const fill = (place, path) => {
    const panel = make("div", { class: "panel", "aria-live": "polite" },
      make("p", { class: "small" }, "Touch a box to see its files, their sums and how they were made."));
    place.replaceChildren(factsOf(path), chart(path, panel), panel);
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
