// What Mermaid takes diagrams for. Standard input is a JSON array of texts; standard output is a JSON array with, for each, either
// { "error": … } or { "type", "title", "actors", "texts" }: the type, the title, the names of the lifelines, the texts of arrows and
// notes from top to bottom, as a reader sees them.
//
// Usage: node read.mjs FOLDER      FOLDER/node_modules has the package mermaid

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const installed = createRequire(resolve(process.argv[2], "package.json"));
const folder = installed.resolve("mermaid").replace(/dist.*/, "dist/mermaid.core.mjs");
const { default: mermaid } = await import(pathToFileURL(folder));

// Mermaid keeps entities as marks of its own until the picture is drawn.
const seen = (text) =>
  text.replace(/ﬂ°°(\d+)¶ß/g, (_, number) => String.fromCodePoint(Number(number)));

// Heads and bodies are read apart, which takes half the time: only parse() reads heads, and says nothing of bodies.
async function read(text) {
  try {
    const [, head, title, body] = text.match(/^(---\ntitle: (.*)\n---\n)(.*)$/s);
    await mermaid.parse(`${head}sequenceDiagram\n`);
    const { type, db } = await mermaid.mermaidAPI.getDiagramFromText(body);
    return {
      type,
      title: JSON.parse(title),
      actors: [...db.getActors().values()].map((actor) => seen(actor.description)),
      texts: db.getMessages().map((message) => seen(message.message)),
    };
  } catch (error) {
    return { error: error.message };
  }
}

const diagrams = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  diagrams.push(await read(text));
}
process.stdout.write(JSON.stringify(diagrams));
