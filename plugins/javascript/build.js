// policy.js to a component: `npm ci && npm run build`, here. Every feature that would import WASI is left out; what is imported in
// the end is checked, because the host refuses anything outside the contract.

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { component, imports } = await componentize({
  sourcePath: here('policy.js'),
  witPath: here('../wit/policy'),
  worldName: 'policy',
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
const foreign = imports.filter(([from]) => !from.startsWith('vigie:policy/'));
if (foreign.length > 0) throw new Error(`imports outside the contract: ${JSON.stringify(foreign)}`);

const directory = here('../../target/components/');
await mkdir(directory, { recursive: true });
await writeFile(`${directory}javascript.wasm`, component);
console.log(`javascript.wasm: ${component.length} bytes, imports ${imports.map(([from]) => from).join(', ') || 'nothing'}`);
