"use strict";
(() => {
  const all = (root, what) => [...root.querySelectorAll(what)];
  const make = (kind, name, text) => {
    const node = document.createElement(kind);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // Tables: a heading sorts, numbers the largest first.
  const value = (row, column) => row.cells[column].dataset.v ?? "";
  for (const button of all(document, "th button")) {
    button.addEventListener("click", () => {
      const heading = button.parentElement, body = heading.closest("table").tBodies[0];
      const numeric = heading.classList.contains("n"), before = heading.getAttribute("aria-sort");
      const down = before ? before === "ascending" : numeric;
      for (const other of all(heading.parentElement, "[aria-sort]")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const column = heading.cellIndex, sign = down ? -1 : 1;
      const number = (row) => { const n = Number(value(row, column)); return Number.isNaN(n) ? -Infinity : n; };
      const mixed = numeric && all(body, "tr").some((row) => Number.isNaN(Number(value(row, column))));
      const order = numeric && !mixed
        ? (a, b) => number(a) - number(b)
        : (a, b) => value(a, column).localeCompare(value(b, column), "en", { numeric: true });
      body.append(...[...body.rows].sort((a, b) => sign * order(a, b)));
    });
  }
  for (const input of all(document, "[data-filter]")) {
    const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows], told = input.parentElement.querySelector("output");
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      told.textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
    });
  }

  // Tabs: arrows, Home and End move; what is chosen is shown.
  for (const tabs of all(document, "[data-tabs]")) {
    const buttons = all(tabs, ":scope > [role=tablist] > [role=tab]");
    const choose = (chosen) => {
      for (const button of buttons) {
        const on = button === chosen;
        button.setAttribute("aria-selected", String(on));
        button.tabIndex = on ? 0 : -1;
        document.getElementById(button.getAttribute("aria-controls")).hidden = !on;
      }
      chosen.focus();
      tabs.dispatchEvent(new CustomEvent("chosen"));
    };
    buttons.forEach((button, place) => {
      button.addEventListener("click", () => choose(button));
      button.addEventListener("keydown", (event) => {
        const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: buttons.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        choose(buttons[(to + buttons.length) % buttons.length]);
      });
    });
  }

  // What is under the pointer.
  const tip = document.getElementById("tip");
  const tell = (event, text) => {
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const wide = tip.offsetWidth, high = tip.offsetHeight;
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - wide - 8))}px`;
    tip.style.top = `${event.clientY + high + 24 > innerHeight ? event.clientY - high - 12 : event.clientY + 16}px`;
  };
  const follow = (node, text) => {
    node.addEventListener("pointermove", (event) => tell(event, text(event)));
    node.addEventListener("pointerleave", () => { tip.hidden = true; });
  };
  for (const maps of all(document, "[data-maps]")) {
    const data = JSON.parse(maps.querySelector("script").textContent);
    for (const drawn of all(maps, "svg")) {
      follow(drawn, (event) => {
        const box = drawn.getBoundingClientRect(), [, , wide, high] = drawn.getAttribute("viewBox").split(" ").map(Number);
        const x = Math.floor((event.clientX - box.left) / box.width * wide / 10), y = Math.floor((event.clientY - box.top) / box.height * high / 10);
        const site = y * data.columns + x, name = data.sites[site];
        return name ? [name, ...data.layers.map((layer) => `${layer.name}: ${layer.texts[site]}`)].join("\n") : "";
      });
    }
  }
  for (const drawing of all(document, "[data-drawing]")) {
    const stamps = JSON.parse(drawing.querySelector("script").textContent), drawn = drawing.querySelector("svg");
    const unit = Number(drawing.dataset.drawing), [left, top, wide, high] = drawn.getAttribute("viewBox").split(" ").map(Number);
    follow(drawn, (event) => {
      const shape = drawn.getBoundingClientRect();
      const x = ((event.clientX - shape.left) / shape.width * wide + left) / unit, y = ((event.clientY - shape.top) / shape.height * high + top) / unit;
      for (const stamp of stamps) for (const [px, py, place] of stamp.places) for (const [bx, by, w, h, name, said] of stamp.boxes)
        if (x >= px + bx && x < px + bx + w && y >= py + by && y < py + by + h) return [place, name, said].filter(Boolean).join("\n");
      return "";
    });
  }
  for (const raster of all(document, "[data-raster]")) {
    const names = JSON.parse(raster.querySelector("script").textContent), images = all(raster, "img");
    const read = (image) => {
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const pen = canvas.getContext("2d");
      pen.drawImage(image, 0, 0);
      return { name: image.dataset.name ?? "busy", wide: canvas.width, high: canvas.height, pixels: pen.getImageData(0, 0, canvas.width, canvas.height).data };
    };
    let pictures = null;
    follow(images[0], (event) => {
      pictures ??= images.map(read);
      const box = images[0].getBoundingClientRect(), { wide, high } = pictures[0];
      const x = Math.min(wide - 1, Math.floor((event.clientX - box.left) / box.width * wide));
      const y = Math.min(high - 1, Math.floor((event.clientY - box.top) / box.height * high));
      const shares = pictures.map((one) => `${one.name} ${(one.pixels[4 * (y * wide + x) + 3] / 2.55).toFixed(0)} %`);
      return [names[y], ...shares].join("\n");
    });
  }

  // Trees: a map of areas; a part with parts of its own opens.
  const grown = (list) => [...list.children].map((item) => ({
    name: item.dataset.name, value: Number(item.dataset.value), text: item.dataset.text,
    children: item.querySelector(":scope > details > ul") ? grown(item.querySelector(":scope > details > ul")) : [],
  }));
  const worst = (row, side) => {
    const sum = row.reduce((total, one) => total + one.area, 0);
    return Math.max(...row.map((one) => Math.max(side * side * one.area / (sum * sum), sum * sum / (side * side * one.area))));
  };
  const squares = (items, x, y, wide, high) => {
    const placed = [];
    let rest = items.slice();
    while (rest.length) {
      const side = Math.min(wide, high);
      const row = [rest[0]];
      while (row.length < rest.length && worst([...row, rest[row.length]], side) <= worst(row, side)) row.push(rest[row.length]);
      rest = rest.slice(row.length);
      const sum = row.reduce((total, one) => total + one.area, 0), thick = sum / side;
      let along = 0;
      for (const one of row) {
        const long = one.area / thick;
        placed.push(wide >= high ? { ...one, x, y: y + along, w: thick, h: long } : { ...one, x: x + along, y, w: long, h: thick });
        along += long;
      }
      if (wide >= high) { x += thick; wide -= thick; } else { y += thick; high -= thick; }
    }
    return placed;
  };
  for (const drill of all(document, "[data-tree]")) {
    const figure = drill.closest("figure"), whole = { name: "all", children: grown(figure.querySelector(".limbs")) };
    const crumbs = drill.appendChild(make("div", "crumbs")), box = drill.appendChild(make("div", "box"));
    let path = [whole];
    const draw = (focus) => {
      const here = path[path.length - 1];
      crumbs.replaceChildren();
      path.forEach((step, place) => {
        if (place) crumbs.append("\u203a");
        if (place === path.length - 1) crumbs.append(make("span", "", step.name));
        else {
          const back = crumbs.appendChild(make("button", "", step.name));
          back.type = "button";
          back.addEventListener("click", () => { path = path.slice(0, place + 1); draw(true); });
        }
      });
      const wide = box.clientWidth, high = box.clientHeight;
      box.replaceChildren();
      if (!wide) return;
      const parts = here.children.filter((one) => one.value > 0).sort((a, b) => b.value - a.value);
      const total = parts.reduce((sum, one) => sum + one.value, 0);
      squares(parts.map((one) => ({ ...one, area: one.value / total * wide * high })), 0, 0, wide, high).forEach((one, place) => {
        const cell = box.appendChild(make(one.children.length ? "button" : "div", `cell c${place % 8}`));
        Object.assign(cell.style, { left: `${one.x}px`, top: `${one.y}px`, width: `${one.w}px`, height: `${one.h}px` });
        const share = `${(100 * one.value / total).toFixed(1)} %`;
        if (one.w > 46 && one.h > 20) cell.append(make("b", "", one.name));
        if (one.w > 70 && one.h > 42) cell.append(` ${one.text} \u00b7 ${share}`);
        if (one.children.length) {
          cell.type = "button";
          cell.setAttribute("aria-label", `${one.name} ${one.text} \u00b7 ${share}, open`);
          cell.addEventListener("click", () => { tip.hidden = true; path.push(here.children.find((child) => child.name === one.name)); draw(true); });
        }
        follow(cell, () => `${one.name}\n${one.text}, ${share} of ${here.name}`);
      });
      if (focus) (box.querySelector("button") ?? crumbs.querySelector("button"))?.focus();
    };
    new ResizeObserver(() => draw(false)).observe(box);
  }
  addEventListener("beforeprint", () => { for (const limb of all(document, ".limbs > li > details")) limb.open = true; });
})();
