// Search as one types, evidence under the pointer, the version slider, and comparing two layouts. Everything that these
// show is on the page, or on another page, without them. Texts are only ever set as texts, never as markup.
"use strict";
(() => {
  const page = document.documentElement;
  const root = page.dataset.root || "./";
  const files = page.dataset.search === "files";
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, className) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  // ---- Search -------------------------------------------------------------------------------------------------------
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  // In a static copy: names by the first two letters of each of their parts, in one file for each such pair.
  const shards = new Map();
  const shardOf = (text) => {
    const parts = text.toLowerCase().split(/[^a-z0-9_]+/).filter((part) => part.length > 1);
    parts.sort((a, b) => b.length - a.length);
    // The last part names the symbol more often than the package before it.
    const last = text.toLowerCase().split(/[^a-z0-9_]+/).pop();
    const chosen = last && last.length > 1 ? last : parts[0];
    return chosen ? chosen.slice(0, 2) : null;
  };
  async function searchFiles(text) {
    const name = shardOf(text);
    if (!name) return [];
    if (!shards.has(name)) {
      shards.set(name, fetch(root + "search/" + name + ".json").then((answer) => (answer.ok ? answer.json() : null)));
    }
    const shard = await shards.get(name);
    if (!shard) return [];
    const wanted = words(text);
    const found = [];
    for (const [at, kind, local, address] of shard.symbols) {
      const [module, path] = shard.packages[at];
      const full = path + "." + local;
      const lower = full.toLowerCase();
      if (!wanted.every((word) => lower.includes(word))) continue;
      const last = wanted[wanted.length - 1];
      const plain = local.toLowerCase();
      const place = lower.endsWith("." + last) || plain === last ? 0 : plain.startsWith(last) ? 1 : 2;
      found.push({ kind: ["field", "struct", "function"][kind], module, name: full, address, rank: place * 1000 + full.length });
    }
    found.sort((a, b) => a.rank - b.rank);
    return found.slice(0, 50);
  }
  async function searchService(text, signal) {
    const answer = await fetch(root + "search.json?q=" + encodeURIComponent(text), { signal });
    return answer.ok ? (await answer.json()).hits : [];
  }
  const search = (text, signal) => (files ? searchFiles(text) : searchService(text, signal));

  const input = byId("q");
  const list = byId("hits");
  const said = byId("hits-said");
  let chosen = -1;
  let running = null;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", "hits");
  input.setAttribute("aria-expanded", "false");

  function choose(index) {
    const options = list.children;
    if (chosen >= 0 && options[chosen]) options[chosen].setAttribute("aria-selected", "false");
    chosen = options.length === 0 ? -1 : (index + options.length) % options.length;
    if (chosen < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    options[chosen].setAttribute("aria-selected", "true");
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  }
  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function show(hits) {
    list.replaceChildren();
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    hits.slice(0, 14).forEach((hit, index) => {
      const option = make("li");
      option.id = "hit-" + index;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.address = hit.address;
      option.append(make("code", hit.name), make("span", hit.kind, "kind"));
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        window.location.assign(root + hit.address);
      });
      list.append(option);
    });
    list.hidden = hits.length === 0;
    input.setAttribute("aria-expanded", String(hits.length > 0));
    said.textContent = hits.length === 0 ? "Nothing found" : hits.length + " found; use the arrow keys";
  }
  input.addEventListener("input", async () => {
    if (running) running.abort();
    running = new AbortController();
    const mine = running;
    const text = input.value;
    if (!text.trim()) {
      close();
      said.textContent = "";
      return;
    }
    try {
      const hits = await search(text, mine.signal);
      if (mine === running && input.value === text) show(hits);
    } catch (error) {
      if (error.name !== "AbortError") said.textContent = "The search did not answer";
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      window.location.assign(root + list.children[chosen].dataset.address);
    } else if (event.key === "Escape") {
      close();
    }
  });
  input.addEventListener("blur", close);

  // The search page of a static copy.
  const results = byId("results");
  if (files && results) {
    const text = new URLSearchParams(window.location.search).get("q") || "";
    input.value = text;
    byId("search-note").textContent = text ? "Names with \u201c" + text + "\u201d" : "Type a name above.";
    if (text) {
      searchFiles(text).then((hits) => {
        for (const hit of hits) {
          const line = make("li");
          const link = make("a", hit.name);
          link.href = root + hit.address;
          const code = make("code");
          code.append(link);
          line.append(code, make("span", hit.kind, "kind"), make("span", hit.module, "what"));
          results.append(line);
        }
        if (hits.length === 0) byId("search-note").textContent = "Nothing begins with \u201c" + text + "\u201d.";
      });
    }
  }

  // ---- Evidence ------------------------------------------------------------------------------------------------------
  for (const figure of document.querySelectorAll("figure.timeline")) {
    const output = figure.querySelector(".evidence");
    for (const bar of figure.querySelectorAll(".bar, .gap")) {
      const tell = () => { output.textContent = bar.querySelector("title").textContent; };
      bar.addEventListener("pointerenter", tell);
      bar.addEventListener("focus", tell);
    }
  }

  // A row of a table and its bytes in the picture beside it.
  for (const variant of document.querySelectorAll(".variant")) {
    const parts = variant.querySelectorAll("[data-name]");
    for (const part of parts) {
      const mark = (on) => {
        for (const other of parts) {
          if (other.dataset.name === part.dataset.name) other.classList.toggle("near", on);
        }
      };
      part.addEventListener("pointerenter", () => mark(true));
      part.addEventListener("pointerleave", () => mark(false));
    }
  }

  // ---- Slider and comparing --------------------------------------------------------------------------------------------
  const slider = byId("slider");
  if (slider) {
    const story = JSON.parse(slider.dataset.story);
    const version = byId("version");
    const arch = byId("arch");
    const against = byId("against");
    const out = byId("version-said");
    const difference = byId("difference");
    const variants = [...document.querySelectorAll(".variant")];
    const variantNamed = (name) => variants.find((variant) => variant.dataset.layout === name);

    const rowsOf = (variant) => {
      const rows = new Map();
      for (const row of variant.querySelectorAll("table tr[data-name]")) {
        if (row.dataset.name !== "_") rows.set(row.dataset.name, row.dataset);
      }
      return rows;
    };
    function compare(name) {
      difference.replaceChildren();
      const other = variantNamed(against.value);
      const variant = variantNamed(name);
      if (!other || !variant) return;
      const before = rowsOf(other);
      const after = rowsOf(variant);
      if (before.size === 0 && after.size === 0) {
        difference.append(make("p", "Compare the two tables below.", "note"));
        other.open = true;
        return;
      }
      const table = make("table");
      table.append(make("caption", "From layout " + other.dataset.layout + " to layout " + name));
      const head = make("tr");
      for (const text of ["Field", "Was at", "Is at", "What"]) {
        const cell = make("th", text);
        cell.scope = "col";
        head.append(cell);
      }
      const thead = make("thead");
      thead.append(head);
      const body = make("tbody");
      for (const field of new Set([...before.keys(), ...after.keys()])) {
        const old = before.get(field);
        const now = after.get(field);
        if (old && now && old.offset === now.offset && old.type === now.type && old.size === now.size) continue;
        const what = !old ? "new" : !now ? "gone" : old.offset !== now.offset ? "moved" : "other type";
        const row = make("tr", undefined, !old ? "added" : !now ? "removed" : "moved");
        const name_cell = make("th", field);
        name_cell.scope = "row";
        row.append(name_cell, make("td", old ? old.offset : "\u2014", "number"), make("td", now ? now.offset : "\u2014", "number"));
        row.append(make("td", old && now && old.type !== now.type ? what + ": " + old.type + " \u2192 " + now.type : what));
        body.append(row);
      }
      if (body.children.length === 0) {
        difference.append(make("p", "Both layouts are the same.", "note"));
        return;
      }
      table.append(thead, body);
      difference.append(table);
    }
    function update() {
      const index = Number(version.value);
      const names = (story[arch.value] || [])[index] || [];
      const text = story.versions[index] + ": " + (names.length === 0 ? "not there" : "layout " + names.join(" or "));
      out.textContent = text + (names.length > 1 ? ", by Go release" : "");
      version.setAttribute("aria-valuetext", out.textContent);
      for (const variant of variants) {
        const here = names.includes(variant.dataset.layout);
        variant.hidden = !here;
        if (here) variant.open = true;
      }
      compare(names[names.length - 1]);
    }
    slider.addEventListener("submit", (event) => event.preventDefault());
    version.addEventListener("input", update);
    arch.addEventListener("change", update);
    against.addEventListener("change", update);
    slider.hidden = false;
    // A link to a layout shows that layout.
    const go = () => {
      const name = (/^#layout-([A-Z]+)$/.exec(window.location.hash) || [])[1];
      if (!name) return;
      for (const side of [arch.value, ...Array.from(arch.options, (option) => option.value)]) {
        const index = story[side].findLastIndex((names) => names.includes(name));
        if (index < 0) continue;
        arch.value = side;
        version.value = String(index);
        break;
      }
      update();
    };
    window.addEventListener("hashchange", go);
    update();
    go();
  }
})();
