// Sends articles to the server and shows its rows. Text is only ever set as text: no markup is made of what came from a file.
(() => {
  "use strict";
  const ROWS_AT_ONCE = 200;
  const at = (id) => document.getElementById(id);
  const number = (n) => n.toLocaleString("en-US");
  const counted = (n, noun) => `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
  const words = (key) => key.replaceAll("_", " ");

  let model = null;      // what GET /model says
  let files = [];        // chosen, and not yet sent
  let sent = null;       // the files and options that the rows on the page were made of
  let articles = [];     // one for each row
  let filters = [];      // {question, label}; an article is shown if it has all of them
  let shown = 0;
  let stopping = null;

  const made = (name, attributes = {}, ...inside) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value);
    }
    element.append(...inside);
    return element;
  };
  const say = (text) => { at("said").textContent = text; };
  const complain = (text) => { at("error").textContent = text; };

  // --- what is put in

  const choose = (list) => {
    files = [...files, ...list];
    at("chosen").replaceChildren(...files.map((file, place) => made("li", {}, made("button", {
      type: "button",
      "aria-label": `Leave out ${file.name}`,
      onclick: () => { files.splice(place, 1); choose([]); at("files").focus(); },
    }, file.name))));
  };

  const options = () => {
    const query = new URLSearchParams();
    for (const name of ["text_column", "title_column", "id_column"]) {
      if (at(name).value.trim()) query.set(name, at(name).value.trim());
    }
    if (at("any_language").checked) query.set("any_language", "true");
    return query;
  };

  const post = async (path, { given, query }, more, signal) => {
    const body = new FormData();
    for (const file of given) body.append("files", file);
    const response = await fetch(`${path}?${new URLSearchParams([...query, ...Object.entries(more)])}`, { method: "POST", body, signal });
    if (response.ok) return response;
    const said = await response.json().catch(() => ({ error: `the server answered ${response.status}` }));
    note(said);
    throw new Error(said.error);
  };

  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (held + value).split("\n");
      held = lines.pop();
      for (const line of lines) yield JSON.parse(line);
    }
  }

  const score = async () => {
    const text = at("text").value;
    const given = text.trim() ? [new File([text], "pasted.txt"), ...files] : [...files];
    complain("");
    if (!given.length) { complain("There is nothing to score yet: paste an article, or choose files."); at("text").focus(); return; }
    const size = given.reduce((sum, file) => sum + file.size, 0);
    if (model && size > model.limits.max_bytes) {
      complain(`These files have ${number(size)} bytes; the server takes ${number(model.limits.max_bytes)} (the command takes any).`);
      return;
    }
    sent = { given, query: options() };
    articles = []; filters = []; stopping = new AbortController();
    busy(true);
    at("results").hidden = at("notes").hidden = true;
    const start = performance.now();
    let scored = "";
    try {
      for await (const event of events(await post("score", sent, { format: "events" }, stopping.signal))) {
        if (event.row) articles.push(article(event));
        else if (event.done) note(event.done);
        else if (event.error) complain(event.error);
        else if (event.read) at("done").textContent = `${counted(event.read, "article")} read${scored}`;
        else scored = progress(event, performance.now() - start);
      }
      say("");
    } catch (error) {
      if (error.name !== "AbortError") complain(error.message);
      say(error.name === "AbortError" ? "Stopped." : "");
    }
    busy(false);
    if (articles.length) { results(); at("found").focus(); }
  };

  const busy = (is) => {
    at("score").disabled = is;
    at("stop").hidden = at("progress").hidden = !is;
    at("bar").removeAttribute("value");
    at("done").textContent = is ? "Sending and reading…" : "";
  };

  const progress = ({ articles: n, share }, milliseconds) => {
    at("bar").value = share;
    const said = `${number(n)} scored, ${number(Math.round(n / milliseconds * 1000))} a second`;
    at("done").textContent = said;
    return `, ${said}`;
  };

  const note = ({ rejected = 0, rejects = [], recoded = {}, foreign = 0 }) => {
    const lines = rejects.map(({ source, reason }) => `${source}: ${reason}`);
    if (rejected > rejects.length) lines.push(`… and ${number(rejected - rejects.length)} more`);
    for (const [source, encoding] of Object.entries(recoded)) lines.push(`${source} was read as ${encoding} rather than UTF-8`);
    if (foreign) lines.push(`${counted(foreign, "article")} in another language than the model's, so not scored (see Options)`);
    at("notes").hidden = !lines.length;
    at("notes").querySelector("summary").textContent = rejected ? `${counted(rejected, "row")} could not be used` : "Notes";
    at("notes").querySelector("ul").replaceChildren(...lines.map((line) => made("li", {}, line)));
  };

  // --- the table

  // Of a row only what the table shows is kept: a long file has many.
  const article = ({ row, heading, at: place }) => {
    const answers = model.questions.map(({ field, target }) => {
      const labels = target === null ? row[field] : row[field]?.[target];
      const given = Object.entries(labels ?? {}).filter(([, one]) => one.yes).map(([key, one]) => [key, one.probability]);
      return given.sort((one, other) => other[1] - one[1]);
    });
    const about = [row.id === row.source || !heading ? row.id : `${row.id} (${row.source})`];
    if (row.dropped >= 0.005) about.push(`${Math.round(row.dropped * 100)}% of the page dropped`);
    if (row.low_evidence) about.push("a short text, which says little");
    const asked = model.questions.filter((question) => !question.target).flatMap(({ field }) => Object.values(row[field]));
    if (asked.every((one) => one.probability === null)) about.push(`not scored: its language is ${row.language}`);
    return { heading: heading || row.id, about: about.join("; "), answers, place };
  };

  const fits = (one) => filters.every(({ question, label }) => one.answers[question].some(([key]) => key === label));
  const named = (question) => {
    const { field, target } = model.questions[question];
    return target === null ? words(field) : `${words(field)} on ${words(target)}`;
  };

  const results = () => {
    const found = articles.filter(fits);
    shown = 0;
    at("results").hidden = false;
    at("found").textContent = filters.length ? `${number(found.length)} of ${counted(articles.length, "article")}` : counted(articles.length, "article");
    at("rows").replaceChildren();
    more(found);
    at("more").onclick = () => more(found);
    at("filters").replaceChildren(...filters.map(({ question, label }, place) => made("li", {}, made("button", {
      type: "button",
      "aria-label": `No longer only with ${words(label)}`,
      onclick: () => { filters.splice(place, 1); results(); at("filter").focus(); },
    }, `${named(question)}: ${words(label)}`))));
    offer(found);
  };

  const more = (found) => {
    at("rows").append(...found.slice(shown, shown + ROWS_AT_ONCE).map(line));
    shown = Math.min(shown + ROWS_AT_ONCE, found.length);
    at("more").hidden = shown === found.length;
    at("more").textContent = `Show more (${number(found.length - shown)} left)`;
  };

  const fields = () => [...new Set(model.questions.map(({ field }) => field))];

  const line = (one) => {
    const open = made("button", { type: "button", "aria-haspopup": "dialog", onclick: () => explain(one) }, one.heading);
    const cells = fields().map((field) => {
      const parts = model.questions.flatMap((question, place) => question.field !== field ? [] : one.answers[place].map(([key, p]) => {
        const on = question.target === null ? [] : [made("span", { class: "on" }, `${words(question.target)}: `)];
        return made("span", {}, ...on, `${words(key)} `, made("b", {}, p === null ? "" : p.toFixed(2)));
      }));
      return made("td", { "data-name": words(field) }, ...(parts.length ? parts : [made("span", { class: "none" }, "–")]));
    });
    return made("tr", {}, made("th", { scope: "row" }, open, made("small", {}, one.about)), ...cells);
  };

  // Offers the labels that articles on the page have, each with their number.
  const offer = (found) => {
    const groups = model.questions.map(({ labels }, question) => {
      const counts = labels.map(({ key }) => [key, found.filter((one) => one.answers[question].some(([label]) => label === key)).length]);
      const items = counts.filter(([, n]) => n).map(([key, n]) => made("option", { value: JSON.stringify({ question, label: key }) }, `${words(key)} (${number(n)})`));
      return items.length ? [made("optgroup", { label: named(question) }, ...items)] : [];
    });
    at("filter").replaceChildren(made("option", { value: "" }, filters.length ? "a further label…" : "a label…"), ...groups.flat());
  };

  const download = async (form, button) => {
    button.disabled = true;
    complain("");
    say(`Writing scores.${form}…`);
    try {
      const blob = await (await post("score", sent, { format: form })).blob();
      const link = made("a", { href: URL.createObjectURL(blob), download: `scores.${form}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) { complain(error.message); }
    say("");
    button.disabled = false;
  };

  // --- one article: the server's own page of it, in a frame of its own so that no history is left

  const explain = ({ heading, place: [batch, page, article] }) => {
    const held = new DataTransfer();
    for (const file of sent.given) held.items.add(file);
    at("asked").files = held.files;
    at("ask").action = `explain?${new URLSearchParams([...sent.query, ["batch", batch], ["page", page], ["article", article]])}`;
    at("why-title").textContent = heading;
    at("why-said").hidden = false;
    const frame = made("iframe", { name: "explanation", title: `Why these labels: ${heading}`, hidden: "" });
    at("why").append(frame);
    at("why").showModal();
    frame.addEventListener("load", () => { at("why-said").hidden = true; frame.hidden = false; });
    at("ask").submit();
  };

  // --- what the labels mean

  const meanings = () => {
    for (const [place, { question, labels }] of model.questions.entries()) {
      const entries = labels.map(({ key, definition, learned }) => made("div", {},
        made("dt", {}, words(key)), made("dd", {}, learned ? definition : `Not learned: too few coded articles. ${definition}`)));
      at("meanings").append(made("h3", {}, named(place)), ...(question ? [made("p", { class: "small" }, question)] : []), made("dl", {}, ...entries));
    }
    const { name, version, digest } = model.codebook;
    at("model").textContent = `Model ${model.model}, codebook ${name} ${version} (${digest}).`;
    at("columns").replaceChildren(made("th", { scope: "col" }, "article"), ...fields().map((field) => made("th", { scope: "col" }, words(field))));
  };

  at("input").addEventListener("submit", (event) => { event.preventDefault(); if (model) score(); });
  at("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("input").requestSubmit(); });
  at("files").addEventListener("change", () => { choose(at("files").files); at("files").value = ""; });
  at("stop").addEventListener("click", () => stopping.abort());
  at("filter").addEventListener("change", () => {
    if (at("filter").value) filters.push(JSON.parse(at("filter").value));
    results();
  });
  for (const button of document.querySelectorAll("[data-form]")) {
    button.addEventListener("click", () => download(button.dataset.form, button));
  }
  at("close").addEventListener("click", () => at("why").close());
  at("why").addEventListener("close", () => at("why").querySelector("iframe")?.remove());
  const dragged = (event) => event.dataTransfer.types.includes("Files");  // and not text that is moved about
  document.addEventListener("dragover", (event) => {
    if (!dragged(event)) return;
    event.preventDefault();
    at("drop").classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("drop").classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!dragged(event)) return;
    event.preventDefault();
    at("drop").classList.remove("over");
    choose(event.dataTransfer.files);
  });

  fetch("model").then((response) => response.json()).then((said) => { model = said; meanings(); },
    () => complain("The server does not answer; is it still running?"));
})();
