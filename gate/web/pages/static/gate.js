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

const live = document.querySelector("main[data-live=yes]");
const notice = document.querySelector(".stale");
let shown = live === null ? "" : live.innerHTML;
let etag = null;
let pause = EVERY;
let failures = 0;

async function look() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual" });
  // Signed out, or no right any more: what is on the screen must not stay there.
  if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) return location.reload();
  if (answer.status === 304) return;
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("main");
  if (fresh.innerHTML !== shown) {
    if (isBusy(live)) return;
    shown = fresh.innerHTML;
    live.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    document.querySelector("header.top").replaceChildren(...page.querySelector("header.top").childNodes);
    showCopyButtons(live);
  }
  etag = answer.headers.get("ETag");
}

async function refresh() {
  if (!isBusy(live)) {
    try {
      await look();
      [failures, pause, notice.hidden] = [0, EVERY, true];
    } catch {
      failures += 1;
      pause = Math.min(pause * 2, LONGEST);
      // In a place of its own, so that nothing moves.
      if (failures > 1) notice.hidden = false;
    }
  }
  setTimeout(refresh, pause);
}

showCopyButtons(document);
if (live !== null) setTimeout(refresh, EVERY);
