// The page: takes photographs, shows them to every run's panel, and lays maps over them.

import { askRuns, pictureOf, upload } from "./asking.js";
import { drawMap } from "./map.js";
import { Panel } from "./panel.js";

const find = (name) => document.getElementById(name);

class Page {
  complaints = new Map();

  async begin() {
    find("drop").classList.add("empty");
    const { runs, limits } = await askRuns();
    this.limits = limits;
    find("limits").textContent = `At most ${limits.megabytes} MB and ${limits.megapixels} megapixels. It stays in this program’s memory and is written nowhere.`;
    this.panels = runs.map((run, number) => new Panel(run, number, this));
    find("runs").replaceChildren(...this.panels.map((panel) => panel.root));
    this.listen();
  }

  listen() {
    const body = document.body;
    find("file").addEventListener("change", ({ target }) => {
      if (target.files.length) this.take(target.files[0]);
      target.value = ""; // so that the same file can be chosen again
    });
    body.addEventListener("dragover", (event) => {
      event.preventDefault();
      body.classList.add("over");
    });
    body.addEventListener("dragleave", (event) => event.relatedTarget || body.classList.remove("over"));
    body.addEventListener("drop", (event) => {
      event.preventDefault();
      body.classList.remove("over");
      if (event.dataTransfer.files.length) this.take(event.dataTransfer.files[0]);
      else this.complain("That was no file; save the picture first, then drop the file.");
    });
    document.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) this.take(event.clipboardData.files[0]);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") for (const panel of this.panels) panel.unpin();
    });
  }

  async take(file) {
    this.complain("");
    if (file.size > 1e6 * this.limits.megabytes) {
      this.complain(`“${file.name}” has ${(file.size / 1e6).toFixed(1)} MB; at most ${this.limits.megabytes} MB are accepted.`);
      return;
    }
    find("status").textContent = "Looking at it …";
    const taken = (this.taken = Symbol(file.name));
    try {
      const { photograph, annotations } = await upload(file);
      if (taken !== this.taken) return; // another photograph came meanwhile
      await this.showPicture(photograph, annotations, file.name);
      this.panels.forEach((panel, n) => panel.begin(photograph, annotations[n]));
      find("together-option").hidden = this.panels.filter((panel) => !panel.run.not_steerable).length < 2;
      find("drop").classList.remove("empty");
      find("status").textContent = "";
    } catch (error) {
      if (taken !== this.taken) return;
      find("status").textContent = "";
      this.complain(error.message.replace(/^This file/, `“${file.name}”`)); // the server knows no name
    }
  }

  async showPicture(photograph, annotations, name) {
    const picture = new Image();
    picture.src = pictureOf(photograph);
    await picture.decode().catch(() => {
      throw new Error("The photograph cannot be shown; upload it again.");
    });
    this.hideMap();
    const written = annotations[0].text || "nothing";
    picture.alt = `The photograph ${name}. What is written of it: ${written}`;
    picture.id = "picture";
    find("picture").replaceWith(picture);
    find("figure").hidden = false;
    const longest = Math.max(picture.naturalWidth, picture.naturalHeight);
    picture.classList.toggle("tiny", longest < 200);
    picture.parentElement.style.setProperty("--aspect", picture.naturalWidth / picture.naturalHeight);
    picture.parentElement.style.setProperty("--widest", `${Math.max(picture.naturalWidth, 480)}px`);
  }

  // One message of each: the page itself, or a panel, whose next success takes back its own alone.
  complain(message, of = this) {
    this.complaints.set(of, message);
    find("error").textContent = [...new Set(this.complaints.values())].filter(Boolean).join(" ");
  }

  showMap(map, where) {
    const picture = find("picture");
    drawMap(find("map"), map, picture);
    picture.parentElement.classList.add("mapped");
    find("where").textContent = where;
  }

  hideMap() {
    find("picture").parentElement.classList.remove("mapped");
    find("where").textContent = "";
  }

  // In one panel, or in all that know the concept.
  switched(panel, word, value) {
    const all = find("together").checked ? this.panels : [panel];
    for (const each of all) if (each.knows(word)) each.switch(word, value);
  }

  resetAll(panel) {
    for (const each of find("together").checked ? this.panels : [panel]) each.reset();
  }
}

const page = new Page();
page.begin().catch((error) => page.complain(error.message));
