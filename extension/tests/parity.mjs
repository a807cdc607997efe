// The shared vectors, put to the optimised WebAssembly: `node parity.mjs MODULE.js MODULE.wasm VECTORS`.
//
// Each file states the SHA-256 of all its reports, each followed by a line feed, as the native core wrote them. The same digest
// means the same bytes. A token is not this build's to verify, and it has to say so.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pathToFileURL } from "node:url";

const [module, wasm, vectors] = process.argv.slice(2).map((path) => resolve(path));
const { default: init, answer } = await import(pathToFileURL(module).href);
await init({ module_or_path: await readFile(wasm) });

let passed = 0;
let failed = 0;
function check(name, holds, found) {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.log(`${name}: ${found}`);
  }
}

for (const file of ["id", "url", "page"]) {
  const shared = JSON.parse(await readFile(join(vectors, `${file}.json`), "utf8"));
  const transcript = createHash("sha256");
  for (const { name, operation, line, expect } of shared.vectors) {
    const report = answer(operation, typeof line === "string" ? line : JSON.stringify(line));
    transcript.update(`${report}\n`);
    check(`${file}: ${name}`, isDeepStrictEqual(JSON.parse(report), expect), report);
  }
  const digest = transcript.digest("hex");
  check(`${file}: the same bytes as natively`, digest === shared.digest, digest);
}
const token = JSON.parse(answer("token", "{}"));
check("tokens are not verified here", token.ok === false && token.code === "IN-OPERATION", JSON.stringify(token));

console.log(`test result: ${failed ? "FAILED" : "ok"}. ${passed} passed; ${failed} failed; 0 ignored`);
process.exitCode = failed ? 1 : 0;
