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
    // The text alone, without the place of the reason behind it.
    getSelection().setBaseAndExtent(button.previousElementSibling, 0, button.previousElementSibling, 1);
  }
});

// A reader who types, has selected text, has opened something or is on a button with the keyboard is not disturbed.
function isBusy(main) {
  const focused = document.activeElement;
  return !getSelection().isCollapsed || main.querySelector("details[open]:not([data-open])") !== null
    || (focused !== null && focused.matches("input, select, textarea, button:focus-visible"));
}

const live = document.querySelector("main[data-live=yes]");
const stale = document.querySelector("#stale");
const paused = document.querySelector("#paused");
let shown = live === null ? "" : live.innerHTML;
let etag = null;
let pause = EVERY;
let failures = 0;

async function look() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual" });
  // Signed out, or no right any more: what is on the screen must not stay there.
  if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) return location.reload();
  if (answer.status === 304) return; // What is shown is the newest.
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("main");
  if (fresh.innerHTML !== shown) {
    paused.hidden = !isBusy(live);
    if (!paused.hidden) return;
    shown = fresh.innerHTML;
    live.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    document.querySelector("header.top").replaceChildren(...page.querySelector("header.top").childNodes);
    showCopyButtons(live);
  }
  paused.hidden = true;
  etag = answer.headers.get("ETag");
}

async function refresh() {
  if (!document.hidden) {
    try {
      await look();
      [failures, pause, stale.hidden] = [0, EVERY, true];
    } catch {
      failures += 1;
      pause = Math.min(pause * 2, LONGEST);
      // In a place of its own, so that nothing moves.
      if (failures > 1) [stale.hidden, paused.hidden] = [false, true];
    }
  }
  setTimeout(refresh, pause);
}

showCopyButtons(document);
if (live !== null) setTimeout(refresh, EVERY);
