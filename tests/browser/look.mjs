// Opens the operator's page of a running server in a headless Chromium, gives it the token, and prints what it shows as JSON.
//
// Usage: node --experimental-websocket look.mjs CHROMIUM URL TOKEN [WIDTH [PICTURE]]
//
// Exit status: 0, or 1 where the page does not come to show anything within ten seconds; 3 where this Node has no WebSocket.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [chromium, url, token, width = "1280", picture] = process.argv.slice(2);
if (typeof WebSocket === "undefined") {
  console.error("this Node has no WebSocket: 20.10 and later have");
  process.exit(3);
}
const folder = mkdtempSync(join(tmpdir(), "browser-"));
const browser = spawn(chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0", `--user-data-dir=${folder}`,
  `--window-size=${width},900`, "about:blank"], { stdio: "ignore" });
const deadline = Date.now() + 10_000;
const pause = () => new Promise((done) => setTimeout(done, 50));

async function until(what, look) {
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`no ${what} within ten seconds`);
    await pause();
  }
}

/** The port that Chromium listens on, once it has written it down. */
function port() {
  try {
    return readFileSync(join(folder, "DevToolsActivePort"), "utf8").split("\n")[0];
  } catch {
    return undefined;
  }
}

async function run() {
  const listens = await until("Chromium", port);
  const pages = await (await fetch(`http://127.0.0.1:${listens}/json/list`)).json();
  const page = new WebSocket(pages.find((it) => it.type === "page").webSocketDebuggerUrl);
  await new Promise((done, failed) => { page.onopen = done; page.onerror = failed; });
  let last = 0;
  const waiting = new Map(), faults = [], asked = [];
  page.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (said.id) waiting.get(said.id)(said.result ?? said.error);
    if (said.method === "Log.entryAdded") faults.push(said.params.entry.text);
    if (said.method === "Runtime.exceptionThrown") faults.push(said.params.exceptionDetails.text);
    if (said.method === "Network.requestWillBeSent") asked.push(said.params.request.url);
  };
  const send = (method, params = {}) => new Promise((done) => {
    waiting.set(++last, done);
    page.send(JSON.stringify({ id: last, method, params }));
  });
  const say = async (expression) => (await send("Runtime.evaluate", { expression, returnByValue: true })).result?.value;
  for (const room of ["Log", "Runtime", "Network", "Page"]) await send(`${room}.enable`);
  await send("Page.navigate", { url });
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
  if (picture) {
    const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: true });
    writeFileSync(picture, Buffer.from(data, "base64"));
  }
  page.close();
  console.log(JSON.stringify({ ...shown, faults, asked }));
}

let status = 0;
try {
  await run();
} catch (error) {
  console.error(String(error));
  status = 1;
}
browser.kill();
await new Promise((done) => (browser.exitCode === null ? browser.once("exit", done) : done()));
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
process.exit(status);
