
// Lets the sentences of one label stand out: while it is pointed at or focused, and for good once it is pressed.
(() => {
  "use strict";
  const numbers = (text) => (text || "").split(" ");

  for (const article of document.querySelectorAll("article")) {
    const buttons = [...article.querySelectorAll("button[data-label]")];
    const sentences = [...article.querySelectorAll(".s")];
    const marks = [...article.querySelectorAll(".mark")];
    let pinned = null;

    const show = (label) => {
      for (const sentence of sentences) {
        sentence.classList.toggle("lit", label !== null && numbers(sentence.dataset.for).includes(label));
        sentence.classList.toggle("against", label !== null && numbers(sentence.dataset.con).includes(label));
      }
      for (const mark of marks) mark.classList.toggle("lit", mark.dataset.label === label);
      article.classList.toggle("some-lit", label !== null);
    };
    const pin = (label) => {
      pinned = label;
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.label === label));
      show(label);
    };
    const first = () => {
      const sentence = sentences.find((one) => one.matches(".lit, .against"));
      if (!sentence) return;
      const box = sentence.getBoundingClientRect();
      if (box.top < 0 || box.bottom > innerHeight) sentence.scrollIntoView({ block: "center" });
    };

    for (const button of buttons) {
      const label = button.dataset.label;
      button.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") show(label); });
      button.addEventListener("pointerleave", () => show(pinned));
      button.addEventListener("focus", () => show(label));
      button.addEventListener("blur", () => show(pinned));
      button.addEventListener("click", () => {
        pin(pinned === label ? null : label);
        if (pinned !== null) first();
      });
    }
    for (const mark of marks) {
      mark.addEventListener("focus", () => show(mark.dataset.label));
      mark.addEventListener("blur", () => show(pinned));
      mark.addEventListener("click", () => pin(mark.dataset.label));
    }
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") pin(null); });
  }
})();
