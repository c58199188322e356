/**
 * The contract, its document and the suite have the same clauses.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../support/source-tree.js';
import { clauses } from './index.js';

/** Clause texts by number, from lines that begin with `- C1` or `- **C1**`, continued by indented ones. */
function clauseTexts(text: string): Map<string, string> {
  const texts = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    const start = /^- (?:\*\*)?(C\d+)(?:\*\*)?\s+(.*)$/.exec(line);
    if (start !== null) {
      current = start[1] ?? '';
      texts.set(current, start[2] ?? '');
    } else if (current !== undefined && /^\s+\S/.test(line)) {
      texts.set(current, `${texts.get(current)} ${line.trim()}`);
    } else {
      current = undefined;
    }
  }
  return texts;
}

function read(...path: string[]): string {
  return readFileSync(join(projectRoot, ...path), 'utf8');
}

const source = read('broker', 'contract', 'transport.ts');
const contract = clauseTexts(source.slice(0, source.indexOf('*/')).replaceAll(/^ \* ?/gm, ''));

test('docs/spec/transport.md has the clauses of the contract, word for word', (t) => {
  t.true(contract.size > 35);
  t.deepEqual(clauseTexts(read('docs', 'spec', 'transport.md')), contract);
});

test('every clause has a test, and every test a clause', (t) => {
  t.deepEqual([...new Set(clauses.map(({ id }) => id))].sort(), [...contract.keys()].sort());
});

test('every answer of the manifest has its clauses', (t) => {
  const ids = (id: string): number => clauses.filter((clause) => clause.id === id).length;
  // Both answers: ends that are told and looked for, with and without descriptors and connections, revocation by holder and by node, multicast atomic and in a loop.
  for (const [id, count] of Object.entries({
    C26: 3,
    C27: 2,
    C30: 3,
    C31: 1,
    C41: 4,
    C51: 4,
    C52: 1,
    C61: 3,
    C70: 3,
    C71: 3,
  })) {
    t.true(ids(id) >= count, id);
  }
});
