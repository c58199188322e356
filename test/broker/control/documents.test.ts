/** What the documents say about errors and control objects is what the code says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ErrorCode, errorName } from '../../../broker/contract/index.js';
import * as limits from '../../../broker/contract/limits.js';

function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
}

test('docs/errors.md has every code with its number, name and meaning, and no other', (t) => {
  const source = textOf('broker/contract/errors.ts');
  const meanings = new Map<string, string>();
  for (const [, meaning = '', name = ''] of source.matchAll(/\/\*\* (.*?) \*\/\n {2}(\w+): \d+,/g)) {
    meanings.set(name, meaning);
  }
  const wanted = Object.entries(ErrorCode).map(
    ([name, code]) => `| ${code} | \`${errorName(code)}\` | \`${name}\` | ${meanings.get(name)} |`,
  );
  const rows = textOf('docs/errors.md')
    .split('\n')
    .filter((line) => /^\| \d/.test(line));
  t.deepEqual(rows, wanted);
});

test('docs/control.md has every method of the schema, and no other', (t) => {
  const schema = textOf('broker/contract/control.proto');
  const oneof = /oneof method \{([^}]*)\}/.exec(schema)?.[1] ?? '';
  const methods = [...oneof.matchAll(/^\s+[A-Z]\w+ (\w+) = \d+;/gm)].map(([, name]) => name);
  t.true(methods.length > 10);
  const page = textOf('docs/control.md');
  const section = page.slice(page.indexOf('## Methods'), page.indexOf('## Rights'));
  const rows = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  t.deepEqual([...rows].sort(), [...methods].sort());
  const objects = page.slice(page.indexOf('## Objects'), page.indexOf('## Methods'));
  for (const method of methods) t.true(objects.includes(`\`${method}\``), `no object has ${method}`);
});

test('docs/control.md has the codes that the objects answer with, and its limits', (t) => {
  const page = textOf('docs/control.md');
  const errors = page.slice(page.indexOf('## Errors'));
  const names = new Set(Object.values(ErrorCode).map(errorName));
  for (const [, name = ''] of errors.matchAll(/`([a-z]+-[a-z-]+|pinned|protocol|deadline)`/g)) {
    t.true(names.has(name), `${name} is no code`);
  }
  t.true(errors.includes(limits.serviceWaitersMax.toLocaleString('en-US')));
  t.true(errors.includes(limits.accountObjectsMax.toLocaleString('en-US')));
});

test('field numbers of the schema are used once in each message', (t) => {
  const schema = textOf('broker/contract/control.proto').replaceAll(/\/\/.*$/gm, '');
  for (const [, name, body = ''] of schema.matchAll(/message (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}/g)) {
    const flat =
      name === 'Request' || name === 'Response' ? body : body.replaceAll(/(enum|message) \w+ \{[^}]*\}/g, '');
    const numbers = [...flat.matchAll(/= (\d+);/g)].map(([, number]) => number);
    t.is(new Set(numbers).size, numbers.length, `${name}: ${numbers.join(' ')}`);
  }
});
