// Opens each page of a folder in a headless Chromium, one after the other, and prints as JSON how it comes out, by its file's name:
// its title, at which of the widths it is wider than its window, and what went wrong.
//
// Usage: node --experimental-websocket pages.mjs CHROMIUM FOLDER WIDTH[,WIDTH]... [--dark] [--pictures=FOLDER] [EXPRESSION]
//
// Pictures are of the last width. With an expression, its value in each page, at that width, stands there too. Exit status: as of page.mjs.

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { until, withPage } from "./chromium.mjs";

const [chromium, folder, given, ...more] = process.argv.slice(2);
const widths = given.split(",");
const pictures = more.find((it) => it.startsWith("--pictures="))?.split("=")[1];
const expression = more.find((it) => !it.startsWith("--"));
const names = readdirSync(folder).filter((it) => it.endsWith(".html")).sort();

await withPage(chromium, widths[0], "900", async (page) => {
  if (more.includes("--dark")) {
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
  }
  const seen = {};
  for (const name of names) {
    // What the page before has not fetched yet is given up, and is no fault of this one.
    await page.send("Page.navigate", { url: "about:blank" });
    await until("no page", () => page.say(`location.href === "about:blank"`));
    page.faults.length = 0;
    const { href } = pathToFileURL(resolve(folder, name));
    await page.send("Page.navigate", { url: href });
    await until(name, () => page.say(`document.readyState === "complete" && location.href.startsWith(${JSON.stringify(href)})`));
    const overflows = [];
    for (const width of widths) {
      const size = { width: Number(width), height: 900, deviceScaleFactor: 1, mobile: false };
      await page.send("Emulation.setDeviceMetricsOverride", size);
      if (await page.say("document.documentElement.scrollWidth > innerWidth")) overflows.push(width);
    }
    seen[name] = { title: await page.say("document.title"), overflows, faults: [...page.faults] };
    if (expression) seen[name].value = await page.say(expression) ?? null;
    if (pictures) await page.picture(join(pictures, `${name}.png`));
  }
  console.log(JSON.stringify(seen));
});
