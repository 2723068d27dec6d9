// Opens a page in a headless Chromium, evaluates expressions in it one after the other, and prints their values as JSON, with what
// went wrong, what was fetched, and whether the page is wider than its window.
//
// Usage: node --experimental-websocket page.mjs CHROMIUM URL WIDTH [--height=N] [--dark] [--no-script] [--picture=FILE] EXPRESSION...
//
// Exit status: 0, or 1 where the page does not come or an expression fails; 3 where this Node has no WebSocket.

import { until, withPage } from "./chromium.mjs";

const [chromium, url, width, ...more] = process.argv.slice(2);
const option = (name) => more.find((it) => it.startsWith(`--${name}`))?.split("=").slice(1).join("=");
const expressions = more.filter((it) => !it.startsWith("--"));

await withPage(chromium, width, option("height") ?? "900", async (page) => {
  if (option("dark") !== undefined) {
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
  }
  if (option("no-script") !== undefined) await page.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.send("Page.navigate", { url });
  await until("page", () => page.say(`document.readyState === "complete" && location.href !== "about:blank"`));
  const values = [];
  for (const expression of expressions) values.push(await page.say(expression) ?? null);
  const overflows = await page.say("document.documentElement.scrollWidth > innerWidth");
  if (option("picture")) await page.picture(option("picture"));
  console.log(JSON.stringify({ values, overflows, faults: page.faults, asked: page.asked }));
});
