// A headless Chromium with one page, for what looks at pages: see `open`.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Waits for what `look` finds, a minute at most: many tests may run beside. */
export async function until(what, look) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`no ${what} within a minute`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * Starts it, hands its page to `work`, and ends with the status that a test reads: 0, 1 where `work` fails, 3 where this Node has no
 * WebSocket. The page has `send` (DevTools' protocol), `say` (the value of an expression), `picture`, and what went wrong
 * (`faults`) and was fetched (`asked`) so far.
 */
export async function withPage(chromium, width, height, work) {
  if (typeof WebSocket === "undefined") {
    console.error("this Node has no WebSocket: 20.10 and later have");
    process.exit(3);
  }
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const browser = spawn(chromium, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
    `--user-data-dir=${folder}`, `--window-size=${width},${height}`, "about:blank"], { stdio: "ignore" });
  let status = 0;
  try {
    const page = await connected(folder);
    await page.send("Emulation.setDeviceMetricsOverride", { width: +width, height: +height, deviceScaleFactor: 1, mobile: false });
    await work(page);
    page.close();
  } catch (error) {
    console.error(String(error));
    status = 1;
  }
  browser.kill();
  await new Promise((done) => (browser.exitCode === null ? browser.once("exit", done) : done()));
  // Its children may write for a moment longer.
  await until("removal", () => {
    try {
      rmSync(folder, { recursive: true, force: true });
      return true;
    } catch {
      return false;
    }
  });
  process.exit(status);
}

async function connected(folder) {
  // The port that Chromium listens on, once it has written it down.
  const port = await until("Chromium", () => {
    try {
      return readFileSync(join(folder, "DevToolsActivePort"), "utf8").split("\n")[0];
    } catch {
      return undefined;
    }
  });
  const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const socket = new WebSocket(pages.find((it) => it.type === "page").webSocketDebuggerUrl);
  await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
  let last = 0;
  const waiting = new Map(), faults = [], asked = [];
  socket.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (said.id) waiting.get(said.id)(said.result ?? said.error);
    if (said.method === "Log.entryAdded") faults.push(said.params.entry.text);
    if (said.method === "Runtime.exceptionThrown") faults.push(said.params.exceptionDetails.exception?.description ?? said.params.exceptionDetails.text);
    if (said.method === "Network.requestWillBeSent") asked.push(said.params.request.url);
  };
  const send = (method, params = {}) => new Promise((done) => {
    waiting.set(++last, done);
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  const say = async (expression) => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result?.value;
  };
  const picture = async (file) => {
    const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: false });
    writeFileSync(file, Buffer.from(data, "base64"));
  };
  for (const room of ["Log", "Runtime", "Network", "Page"]) await send(`${room}.enable`);
  return { send, say, picture, faults, asked, close: () => socket.close() };
}
