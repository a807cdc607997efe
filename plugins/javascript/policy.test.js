// The vectors, asked of the module itself, and what wrong settings are told. Needs nothing but Node.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { decide, lifecycle } from './policy.js';

const folder = new URL('vectors/', import.meta.url);
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const OPAQUE = ['properties', 'action_properties', 'context'];
const SECONDS = ['now', 'auth_time', 'verified_at'];

// From the spelling of the files to what the bindings hand over.
function bound(value) {
  if (Array.isArray(value)) return value.map(bound);
  if (value === null || typeof value !== 'object') return value;
  const member = ([name, inner]) => {
    if (OPAQUE.includes(name)) return [camel(name), JSON.stringify(inner)];
    return [camel(name), SECONDS.includes(name) ? BigInt(inner) : bound(inner)];
  };
  return Object.fromEntries(Object.entries(value).map(member));
}

test('vectors', () => {
  const reached = new Set();
  for (const name of readdirSync(folder)) {
    const file = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
    for (const { name: vector, settings = file.settings, request, expect } of file.vectors) {
      const text = settings === undefined ? '' : JSON.stringify(settings);
      lifecycle.validateSettings(text);
      const { effect, reasonCode, obligations } = decide.evaluate(text, bound(request));
      const got = obligations.map((one) => ({ ...one, properties: JSON.parse(one.properties) }));
      const expected = [expect.effect, expect.reason_code, expect.obligations ?? []];
      assert.deepEqual([effect, reasonCode, got], expected, `${name}: ${vector}`);
      reached.add(reasonCode);
    }
  }
  assert.deepEqual([...reached].sort(), lifecycle.describe().reasonCodes.toSorted());
});

test('wrong settings are told where', () => {
  const errors = (settings) => {
    try {
      lifecycle.validateSettings(settings);
    } catch (problems) {
      return problems;
    }
    return [];
  };
  const paths = (settings) => errors(settings).map(({ path }) => path);
  assert.deepEqual(paths('{"professions":["10"]}'), []);
  assert.deepEqual(paths('not json'), ['']);
  assert.deepEqual(paths(''), ['/professions']);
  for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
    assert.deepEqual(paths(`{"professions":["10"],"${name}":1}`), [`/${name}`], name);
  }
  for (const other of ['[]', '["10"]', '7', 'null', '"professions"', 'true']) {
    assert.deepEqual(errors(other), [{ path: '', message: 'expected an object' }], other);
  }
  assert.deepEqual(paths('{"professions":["10",1],"levl":"eidas1","level":"eidas4"}'), ['/levl', '/professions/1', '/level']);
});
