/** The diagrams of docs/benchmark-order.md are what the checkers print for a run of each pattern that went wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { findCounterExample } from '../../bench/check/counter-example.js';
import type { Histories } from '../../bench/check/history.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { orderPatterns } from '../../bench/scenarios/order-patterns.js';
import { accept, hear, receive, send, tell } from './histories.js';

const wrong: Readonly<Record<string, Histories>> = {
  relay: {
    a: [send('cause', 'c'), send('ask', 'b')],
    b: [receive('ask'), send('effect', 'c')],
    c: [receive('effect'), receive('cause')],
  },
  receipt: {
    a: [send('cause', 'b', 'd')],
    b: [receive('cause'), tell('seen', 'c')],
    c: [hear('seen'), send('effect', 'd')],
    d: [receive('effect'), receive('cause')],
  },
  completion: {
    a: [send('cause', 'c'), accept('cause'), tell('written', 'b')],
    b: [hear('written'), send('effect', 'c')],
    c: [receive('effect'), receive('cause')],
  },
  triangle: {
    a: [send('cause', 'b', 'c'), receive('effect')],
    b: [receive('cause'), send('effect', 'c', 'a')],
    c: [receive('effect'), receive('cause')],
  },
  concurrent: {
    a: [send('one', 'c', 'd')],
    b: [send('two', 'c', 'd')],
    c: [receive('one'), receive('two')],
    d: [receive('two'), receive('one')],
  },
  disjoint: {
    a: [send('first', 'd', 'c'), accept('first'), tell('written', 'b')],
    b: [hear('written'), send('second', 'e', 'c')],
    c: [send('both', 'd', 'e'), receive('first'), receive('second')],
    d: [receive('both'), receive('first')],
    e: [receive('second'), receive('both')],
  },
};

const page = readFileSync(join(projectDirectory, 'docs', 'benchmark-order.md'), 'utf8');

for (const { name, property } of orderPatterns) {
  test(`the page shows how ${name} goes wrong`, (t) => {
    const text = findCounterExample(wrong[name] ?? {}, property)?.text.trimEnd();
    t.truthy(text);
    const section = page.slice(page.indexOf(`### ${name}`));
    t.true(section.includes(`\`\`\`\n${text}\n\`\`\``), text);
  });
}
