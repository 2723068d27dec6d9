// Opens the operator's page of a running server in a headless Chromium, gives it the token, and prints what it shows as JSON.
//
// Usage: node --experimental-websocket look.mjs CHROMIUM URL TOKEN [WIDTH [PICTURE]]
//
// Exit status: 0, or 1 where the page does not come to show anything within a minute; 3 where this Node has no WebSocket.

import { until, withPage } from "./chromium.mjs";

const [chromium, url, token, width = "1280", picture] = process.argv.slice(2);

await withPage(chromium, width, "900", async (page) => {
  const { say, faults, asked } = page;
  await page.send("Page.navigate", { url });
  await until("form", () => say("document.readyState === 'complete' && !!document.getElementById('token')"));
  await say(`document.getElementById("token").value = ${JSON.stringify(token)}; document.querySelector("button").click()`);
  await until("word", () => say("document.getElementById('said').textContent"));
  const shown = await say(`({
    said: document.getElementById("said").textContent,
    tiles: [...document.querySelectorAll(".tile")].map((it) => it.textContent),
    devices: [...document.querySelectorAll("#devices tr")].map((it) => it.textContent),
    links: [...document.querySelectorAll("#links tr")].map((it) => it.textContent),
    overflows: document.documentElement.scrollWidth > innerWidth,
  })`);
  if (picture) await page.picture(picture);
  console.log(JSON.stringify({ ...shown, faults, asked }));
});
