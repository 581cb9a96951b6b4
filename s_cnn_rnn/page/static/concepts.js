// The list of concepts of a run: a switch and a slider each, the most telling first.

const SHOWN = 10;

export const percent = (value) => {
  if (value > 0 && value < 0.01) return "< 1 %";
  if (value < 1 && value > 0.99) return "> 99 %";
  return `${Math.round(100 * value)} %`;
};

export class ConceptList {
  // changed(word, value): the reader sets a concept; value null: as the photograph has it.
  // pointed(word or null): the reader points at a concept.
  constructor(part, run, { changed, pointed }) {
    this.part = part;
    this.run = run;
    this.changed = changed;
    this.pointed = pointed;
    this.list = part.querySelector(".concepts");
    this.search = part.querySelector(".search");
    this.none = part.querySelector(".none");
    this.more = part.querySelector(".more");
    this.numbers = new Map(run.concepts.map((word, number) => [word, number]));
    this.rows = new Map();
    this.telling = [];
    this.set = new Map();
    this.count = SHOWN;
    const what = run.kind === "labels" ? "labels" : "concepts";
    part.querySelector(".concepts-title").textContent = what[0].toUpperCase() + what.slice(1);
    this.search.placeholder = `Search ${run.concepts.length} ${what}`;
    this.search.setAttribute("aria-label", this.search.placeholder);
    this.search.addEventListener("input", () => this.rebuild());
    this.more.addEventListener("click", () => {
      const shown = this.list.children.length;
      this.count += SHOWN;
      this.rebuild();
      this.list.children[shown]?.querySelector("input, .word").focus();
    });
  }

  // A new photograph: another order.
  begin(annotation) {
    this.telling = annotation.telling;
    this.original = annotation.probabilities;
    this.count = SHOWN;
    this.search.value = "";
    this.set = new Map();
    this.rebuild();
    this.show(annotation.probabilities, this.set);
  }

  // Where every concept is now; those that the reader set keep the reader's value.
  show(probabilities, set) {
    this.now = probabilities;
    this.set = set;
    // A concept that was set in another panel is seen here, too.
    const isHidden = [...set.keys()].some((word) => !this.rows.has(word));
    if (isHidden && !this.search.value) this.rebuild();
    else for (const row of this.rows.values()) this.fill(row);
  }

  chosen() {
    const wanted = this.search.value.trim().toLowerCase();
    if (wanted) {
      const found = this.run.concepts.filter((word) => word.toLowerCase().includes(wanted));
      const rank = (word) => (word === wanted ? 0 : word.startsWith(wanted) ? 1 : 2);
      return found.sort((a, b) => rank(a) - rank(b));
    }
    const telling = this.telling.map((number) => this.run.concepts[number]);
    const first = [...this.set.keys()].filter((word) => telling.indexOf(word) >= this.count);
    return [...first, ...telling];
  }

  rebuild() {
    const all = this.chosen();
    const kept = all.slice(0, this.count);
    this.rows = new Map(kept.map((word) => [word, this.rows.get(word) || this.row(word)]));
    this.list.replaceChildren(...[...this.rows.values()].map((row) => row.item));
    this.more.hidden = kept.length === all.length;
    this.none.hidden = all.length > 0 || !this.run.concepts.length;
    this.none.textContent = `None is called “${this.search.value.trim()}”.`;
    if (this.now) for (const row of this.rows.values()) this.fill(row);
  }

  row(word) {
    const item = document.getElementById("concept").content.firstElementChild.cloneNode(true);
    const find = (name) => item.querySelector(name);
    const row = { word, item, toggle: find(".switch"), slider: find("[type=range]"), undo: find(".undo") };
    find(".word").textContent = word;
    row.value = find(".value");
    const usual = this.run.usual[this.numbers.get(word)];
    row.usual = usual === null ? "" : `, usually ${percent(usual)}`;
    if (usual === null) find(".usual").remove();
    else {
      find(".usual").style.left = `calc(.5rem + ${usual} * (100% - 1rem))`;
      find(".slide").title = `Usual: ${percent(usual)}`;
    }
    if (this.run.not_steerable) this.fix(row, find);
    else this.listen(row);
    for (const moment of ["mouseenter", "focusin"]) item.addEventListener(moment, () => this.pointed(word));
    for (const moment of ["mouseleave", "focusout"]) item.addEventListener(moment, () => this.pointed(null));
    return row;
  }

  // Where no switch would change a word there are none.
  fix(row, find) {
    row.toggle.remove();
    row.undo.remove();
    row.item.classList.add("fixed");
    row.bar = document.createElement("progress");
    row.bar.setAttribute("aria-label", row.word);
    row.slider.replaceWith(row.bar);
    find(".word").tabIndex = -1;
  }

  listen(row) {
    const { word, toggle, slider, undo } = row;
    toggle.setAttribute("aria-label", word);
    slider.setAttribute("aria-label", `Probability of ${word}`);
    undo.setAttribute("aria-label", `${word} as the photograph has it`);
    toggle.addEventListener("change", () => this.changed(word, toggle.checked ? 1 : 0));
    slider.addEventListener("input", () => this.changed(word, slider.value / 100));
    undo.addEventListener("click", () => {
      this.changed(word, null);
      toggle.focus(); // the button goes away
    });
  }

  fill(row) {
    const set = this.set.has(row.word);
    const value = set ? this.set.get(row.word) : this.now[this.numbers.get(row.word)];
    row.value.textContent = percent(value);
    row.item.classList.toggle("set", set);
    if (row.bar) {
      row.bar.value = value;
      return;
    }
    row.toggle.checked = value >= 0.5;
    if (document.activeElement !== row.slider || !set) row.slider.value = Math.round(100 * value);
    row.slider.setAttribute("aria-valuetext", percent(value) + row.usual);
  }

  // Which concepts have a map of their own.
  mark(mapped) {
    for (const row of this.rows.values()) row.item.classList.toggle("mapped", row.word in mapped);
  }
}
