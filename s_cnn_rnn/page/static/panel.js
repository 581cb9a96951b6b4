// What one run writes of the photograph, why, and what it would write of other concepts.

import { askWith } from "./asking.js";
import { ConceptList, percent } from "./concepts.js";

const element = (name, text = "", className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
};

const probability = (value) => {
  if (value >= 0.01) return percent(value);
  return value > 0 ? `${(100 * value).toPrecision(1)} %` : "0 %";
};

export class Panel {
  // page: shows maps (showMap, hideMap, complain), and is told of concepts set (switched).
  constructor(run, number, page) {
    this.run = run;
    this.number = number;
    this.page = page;
    this.root = document.getElementById("panel").content.firstElementChild.cloneNode(true);
    this.find(".name").textContent = run.name;
    this.find(".caption").setAttribute("aria-label", `${run.kind === "labels" ? "Labels" : "Caption"} by ${run.name}`);
    this.concepts = new ConceptList(this.root, run, {
      changed: (word, value) => page.switched(this, word, value),
      pointed: (word) => this.pointAtConcept(word),
    });
    this.prepareOptions();
    this.set = new Map();
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  prepareOptions() {
    const { run } = this;
    this.correlated = this.find(".correlated");
    this.correlated.checked = !run.not_correlated;
    this.correlated.disabled = Boolean(run.not_correlated);
    this.correlated.addEventListener("change", () => {
      if (this.set.size) this.rewrite();
      else this.shown = this.wish;
    });
    this.find(".reset").addEventListener("click", () => this.page.resetAll(this));
    const steerable = !run.not_steerable;
    this.find(".reset").hidden = !steerable;
    this.correlated.parentElement.hidden = !steerable;
    this.tell(".refusal", run.not_steerable);
    this.tell(".no-correlated", steerable && run.not_correlated);
    this.find(".concepts-part").hidden = !run.concepts.length;
    this.root.hidden = true;
  }

  tell(selector, text) {
    this.find(selector).hidden = !text;
    this.find(selector).textContent = text || "";
  }

  // A new photograph.
  begin(photograph, annotation) {
    this.photograph = photograph;
    this.original = annotation;
    this.set = new Map();
    this.shown = this.wish;
    this.page.complain("", this);
    this.root.hidden = false;
    this.concepts.begin(annotation);
    this.show(annotation);
  }

  knows(word) {
    return this.concepts.numbers.has(word) && !this.run.not_steerable;
  }

  // Sets a concept, or (null) no longer.
  switch(word, value) {
    if (value === null) this.set.delete(word);
    else this.set.set(word, value);
    this.rewrite();
  }

  reset() {
    this.set = new Map();
    this.rewrite();
  }

  // What the reader has set.
  get wish() {
    return { set: new Map(this.set), correlated: this.correlated.checked };
  }

  wanted({ set, correlated }) {
    return {
      run: this.number,
      probabilities: Object.fromEntries(set),
      correlated: correlated && set.size > 0,
    };
  }

  // Asks for the words anew; while an answer is under way, only the latest wish is kept.
  async rewrite() {
    this.concepts.show(this.concepts.now, this.set);
    this.find(".reset").disabled = !this.set.size;
    this.isStale = true;
    if (this.isAsking) return;
    this.isAsking = true;
    this.forgetReasons();
    while (this.isStale) {
      this.isStale = false;
      await this.askOnce();
    }
    this.isAsking = false;
  }

  // Where no answer comes, switches go back to where they were for the words that are shown.
  async askOnce() {
    const { photograph, wish } = this;
    try {
      const annotation = wish.set.size ? await askWith(photograph, "caption", this.wanted(wish)) : this.original;
      if (photograph !== this.photograph) return;
      this.shown = wish;
      this.show(annotation);
      this.page.complain("", this);
    } catch (error) {
      if (photograph !== this.photograph || this.isStale) return; // something newer is wanted
      this.set = new Map(this.shown.set);
      this.correlated.checked = this.shown.correlated;
      this.show(this.annotation);
      this.page.complain(error.message, this);
    }
  }

  show(annotation) {
    const [best] = annotation.beams;
    const before = this.original.beams[0].words;
    this.annotation = annotation;
    this.find(".caption").replaceChildren(...this.written(best.words, before));
    const changed = annotation.text !== this.original.text;
    this.find(".before").hidden = !changed;
    this.find(".before").replaceChildren("It was: ", ...before.flatMap((word, n) => {
      const shown = best.words.includes(word) ? word : element("del", word);
      return n ? [this.separator, shown] : [shown];
    }));
    this.find(".announcement").textContent = annotation.text || "Nothing is written.";
    this.concepts.show(annotation.probabilities, this.set);
    this.find(".reset").disabled = !this.set.size;
    this.showBeams(annotation.beams);
    this.forgetReasons();
  }

  get separator() {
    return this.run.kind === "labels" ? ", " : " ";
  }

  // The words as buttons, with what divides them.
  written(words, before) {
    this.words = words.map((word, place) => {
      const button = element("button", word, "said");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.classList.toggle("new", !before.includes(word));
      button.addEventListener("mouseenter", () => this.point(place));
      button.addEventListener("focus", () => this.point(place));
      button.addEventListener("mouseleave", () => this.point(this.pinned));
      button.addEventListener("blur", () => this.point(this.pinned));
      button.addEventListener("click", () => this.pin(place));
      this.addConfidence(button, word);
      return button;
    });
    if (!words.length) return [element("span", "(nothing)", "faint")];
    return this.words.flatMap((button, n) => (n ? [this.separator, button] : [button]));
  }

  addConfidence(button, word) {
    if (this.run.kind !== "labels") return;
    const value = this.annotation.probabilities[this.concepts.numbers.get(word)];
    if (value !== undefined) button.append(" ", element("span", percent(value), "sure"));
  }

  showBeams(beams) {
    this.find(".beams-part").hidden = beams.length < 2;
    this.find(".beams").replaceChildren(...beams.map((beam) => {
      const item = element("li", beam.text || "(nothing)");
      if (beam.probability !== null) {
        const mean = beam.probability ** (1 / (beam.words.length + 1)); // its end counts as one
        item.append(element("small", `${probability(mean)} a word`));
      }
      return item;
    }));
  }

  forgetReasons() {
    this.reasons = null;
    delete this.root.dataset.reasons;
    this.pinned = null;
    this.page.hideMap();
    for (const button of this.words || []) button.setAttribute("aria-pressed", "false");
    this.concepts.mark({});
    this.find(".reasons").hidden = Boolean(this.run.not_explainable) && !this.words?.length;
    const hint = this.run.not_explainable || "Point at a word, or tap it, to see where it comes from.";
    this.hint(hint);
  }

  hint(text) {
    this.find(".reasons").replaceChildren(element("p", text, "faint"));
  }

  // Only when somebody points at a word: they take longer than writing anew.
  async fetchReasons() {
    const { annotation, photograph } = this;
    if (this.run.not_explainable || this.isAsking || this.explaining === annotation) return;
    this.explaining = annotation;
    this.hint("Looking for reasons … (the first time some seconds)");
    try {
      const reasons = await askWith(photograph, "reasons", this.wanted(this.shown));
      if (annotation !== this.annotation || this.isAsking) return;
      this.page.complain("", this);
      this.reasons = reasons;
      this.concepts.mark(reasons.concepts);
      this.root.dataset.reasons = reasons.text; // for those who test the page
      const place = this.words.findIndex((word) => word.matches(":hover, :focus-visible"));
      this.point(place >= 0 ? place : this.pinned);
    } catch (error) {
      if (annotation !== this.annotation || this.isAsking) return;
      this.forgetReasons();
      this.page.complain(error.message, this);
    } finally {
      if (this.explaining === annotation) this.explaining = null;
    }
  }

  pin(place) {
    this.pinned = this.pinned === place ? null : place;
    this.words.forEach((word, n) => word.setAttribute("aria-pressed", String(n === this.pinned)));
    this.point(place);
  }

  unpin() {
    if (this.pinned !== null) this.pin(this.pinned);
    this.point(null);
  }

  // Shows the reasons of the word at a place; of none where it is null.
  point(place) {
    const word = place === null ? null : this.reasons?.words[place];
    if (!word) {
      this.page.hideMap();
      if (place !== null && !this.reasons) this.fetchReasons();
      return;
    }
    this.page.showMap(word.map, `“${word.word}”: strongest ${word.where}`);
    this.find(".reasons").replaceChildren(...this.told(word));
  }

  pointAtConcept(concept) {
    const found = concept === null ? null : this.reasons?.concepts[concept];
    if (found) this.page.showMap(found.map, `“${concept}”, the concept: strongest ${found.where}`);
    else this.point(this.pinned);
  }

  told(word) {
    const usually = word.usual === null ? "" : `; for a photograph of usual concepts ${probability(word.usual)}`;
    const head = element("p");
    head.append(element("strong", word.word), `: probability ${probability(word.probability)}${usually}. Strongest ${word.where}.`);
    if (!word.shares.length) return [head];
    const largest = Math.max(...word.shares.map((share) => Math.abs(share.contribution))) || 1;
    const list = element("dl");
    for (const share of word.shares) {
      const bar = element("span", "", share.contribution < 0 ? "bar against" : "bar");
      bar.style.width = `${(100 * Math.abs(share.contribution)) / largest}%`;
      const held = element("dd");
      held.append(bar);
      const sign = share.contribution < 0 ? "−" : "+";
      const amount = element("dd", `${sign}${Math.abs(share.contribution).toFixed(2)}`, "amount");
      list.append(element("dt", share.present ? share.concept : `no ${share.concept}`), held, amount);
    }
    list.title = "What each concept adds to the logarithm of the word’s probability";
    return [head, list];
  }
}
