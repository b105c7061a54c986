// The buttons and headings of the API's page, which are English in the library, in the reader's language.
// What the document itself says, and what is sent and comes back, is left as it is.
"use strict";
(() => {
  const root = document.getElementById("swagger-ui");
  const labels = new Map(Object.entries(JSON.parse(root.dataset.labels || "{}")));
  if (!labels.size) return;
  const THEIRS =
    "pre, code, textarea, select, .renderedMarkdown, .opblock-summary-path, .opblock-summary-description, " +
    ".opblock-tag, .parameter__name, .model-box, .json-schema-2020-12";

  const say = (text) => {
    const words = labels.get(text.nodeValue.trim());
    if (words && !text.parentElement?.closest(THEIRS)) text.nodeValue = text.nodeValue.replace(text.nodeValue.trim(), words);
  };

  const sayAll = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return say(node);
    const found = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (found.nextNode()) say(found.currentNode);
  };

  // The library changes a label in place ("Try it out" becomes "Cancel"), or makes the element anew.
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") say(change.target);
      else change.addedNodes.forEach(sayAll);
    }
  }).observe(root, { childList: true, characterData: true, subtree: true });
})();
