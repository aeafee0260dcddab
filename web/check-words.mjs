// Catalogues are whole: the same keys in both languages, every key that the code names is there, and none is left over.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = import.meta.dirname;
const skipped = new Set(["node_modules", "public", "client"]);
const walk = (folder) =>
  readdirSync(folder).flatMap((name) => {
    if (skipped.has(name)) return [];
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
const files = walk(root);
const faults = [];
const keys = { en: new Map(), "zh-CN": new Map() };
for (const path of files.filter((each) => /words\.(en|zh-CN)\.json$/.test(each))) {
  const language = path.includes("words.en") ? "en" : "zh-CN";
  for (const [key, text] of Object.entries(JSON.parse(readFileSync(path, "utf8")))) {
    if (keys[language].has(`${dirname(path)} ${key}`)) faults.push(`${relative(root, path)}: ${key} is there twice`);
    if (typeof text !== "string" || text.trim() === "") faults.push(`${relative(root, path)}: ${key} says nothing`);
    keys[language].set(`${dirname(path)} ${key}`, text);
  }
}
const plural = (key) => key.replace(/_(one|other|zero|two|few|many)$/, "");
const told = (language) => new Set([...keys[language].keys()].map((each) => plural(each)));
for (const [one, other] of [["en", "zh-CN"], ["zh-CN", "en"]])
  for (const key of told(one)) if (!told(other).has(key)) faults.push(`${key.split(" ")[1]} has no words in ${other}`);
const values = (text) => [...text.matchAll(/\{\{(\w+)/g)].map((each) => each[1]).filter((each) => each !== "count").sort().join();
for (const [key, text] of keys.en)
  if (keys["zh-CN"].has(key) && values(text) !== values(keys["zh-CN"].get(key))) faults.push(`${key.split(" ")[1]}: other values in zh-CN`);

const known = new Set([...told("en")].map((each) => each.split(" ")[1]));
const named = new Set();
const beginnings = [];
for (const path of files.filter((each) => /\.tsx?$/.test(each) && !each.endsWith(".d.ts"))) {
  const code = readFileSync(path, "utf8");
  for (const [, key] of code.matchAll(/\bt\(\s*"([^"]+)"/g)) {
    named.add(key);
    if (!known.has(key)) faults.push(`${relative(root, path)}: no words for ${key}`);
  }
  // A key may be held in a table of words: any string of the form "page.word".
  for (const [, key] of code.matchAll(/"([a-z][\w]*(?:\.[\w-]+)+)"/g)) named.add(key);
  for (const [, start] of code.matchAll(/`([a-z]\w*\.[\w.-]*)\$\{/g)) beginnings.push(start);
}
for (const key of known)
  if (!named.has(key) && !beginnings.some((each) => key.startsWith(each))) faults.push(`${key} is said nowhere`);
if (faults.length > 0) {
  console.error([...new Set(faults)].sort().join("\n"));
  process.exit(1);
}
console.log(`words: ${known.size} keys in two languages`);
