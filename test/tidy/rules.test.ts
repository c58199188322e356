/** Every numbered rule of these documents is cited by the title of a test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../support/source-tree.js';
import { type RuleDocument, rulesIn, rulesOf, titlesIn, unprovenRules } from './rules.js';

const documents: readonly RuleDocument[] = [
  {
    path: 'docs/spec/sockets.md',
    tests: ['test/transports/sockets', 'test/transports/datagram'],
    missing: {},
  },
  {
    path: 'docs/spec/bus.md',
    tests: ['test/transports/bus', 'test/broker/capability', 'test/simulation', 'test/clients/facet'],
    missing: {},
  },
];

for (const document of documents) {
  test(`every rule of ${document.path} is cited by a test`, (t) => {
    const rules = rulesIn(readFileSync(join(projectRoot, document.path), 'utf8'));
    t.true(rules.length > 0);
    t.is(new Set(rules).size, rules.length, 'a number stands for one rule');
    t.deepEqual(unprovenRules(document), { unproven: [], needless: [] });
  });
}

test('a title cites the numbers that it begins with', (t) => {
  t.deepEqual(rulesOf('S4 credentials are those of who uses a connection'), ['S4']);
  t.deepEqual(rulesOf('S15, C26 the end of a holder'), ['S15', 'C26']);
  t.deepEqual(rulesOf('M5, T1: a node that dies later'), ['M5', 'T1']);
  t.deepEqual(rulesOf('what S4 says'), []);
  t.deepEqual(rulesOf('A peer'), []);
});

test('titles and rules are found in every form', (t) => {
  const name = 'test';
  const source = `${name}('S1 one', …); ${name}.serial(\n  "S2 it's", …); ${name}(\`S3 \${x}\`, …); ${name}(title, …); contest('S4 no')`;
  t.deepEqual(titlesIn(source), ['S1 one', "S2 it's", `S3 \${x}`]);
  t.deepEqual(rulesIn('- **S1** One.\n  More **S9**.\n- **N8 +** Two.\n  - **S3** no\n'), ['S1', 'N8']);
});

test('a rule that no test cites is named, and so is an exception for one that is cited', (t) => {
  const path = 'docs/spec/sockets.md';
  const none = unprovenRules({
    path,
    tests: ['test/nowhere/'],
    missing: { S1: 'an example', X1: 'no rule' },
  });
  t.false(none.unproven.includes('S1'));
  t.true(none.unproven.includes('S2'));
  t.deepEqual(none.needless, ['X1']);
  const tests = ['test/transports/sockets'];
  t.deepEqual(unprovenRules({ path, tests, missing: { S1: 'cited' } }).needless, ['S1']);
});
