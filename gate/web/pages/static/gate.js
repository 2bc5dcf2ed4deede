// Pages work without this. It keeps them fresh, copies texts, and nothing else.
"use strict";

const EVERY = 5000;
const LONGEST = 60000;

function showCopyButtons(root) {
  for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
    getSelection().selectAllChildren(button.previousElementSibling);
  }
});

// A reader who types, has selected text or has opened something is not disturbed.
function isBusy(main) {
  const focused = document.activeElement;
  return document.hidden || !getSelection().isCollapsed || main.querySelector("details[open]") !== null
    || (focused !== null && focused.matches("input, select, textarea, button"));
}

let etag = null;
let pause = EVERY;

async function refresh() {
  const main = document.querySelector("main[data-live=yes]");
  if (main === null) return;
  if (!isBusy(main)) {
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error" });
      if (answer.status === 200) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("main");
        if (etag !== null && fresh !== null && !isBusy(main)) {
          main.replaceChildren(...fresh.childNodes);
          document.title = page.title;
          document.querySelector("header.top").replaceChildren(...page.querySelector("header.top").childNodes);
          showCopyButtons(main);
        }
        etag = answer.headers.get("ETag");
      }
      pause = answer.ok || answer.status === 304 ? EVERY : Math.min(pause * 2, LONGEST);
    } catch {
      pause = Math.min(pause * 2, LONGEST);
    }
  }
  setTimeout(refresh, pause);
}

showCopyButtons(document);
setTimeout(refresh, EVERY);
