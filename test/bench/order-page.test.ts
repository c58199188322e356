/** The diagrams of docs/benchmark-order.md are what the checkers print for a run of each pattern that went wrong. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { findCounterExample } from '../../bench/check/counter-example.js';
import type { Histories } from '../../bench/check/history.js';
import { brokenPromise, type OrderPromise } from '../../bench/check/promise.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { isPromised, orderPatterns } from '../../bench/scenarios/order-patterns.js';
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

const datagram: OrderPromise = { order: 'causal', multicast: 'loop' };
const promises: readonly OrderPromise[] = [
  { order: 'total', multicast: 'atomic' },
  datagram,
  { order: 'per-handle', multicast: 'loop' },
  { order: 'per-handle', multicast: 'loop' },
];

test('the page says of each pattern who promises it, as the lines do', (t) => {
  for (const pattern of orderPatterns) {
    const row = page.split('\n').find((line) => line.startsWith(`| ${pattern.name} | ${pattern.property} |`));
    t.deepEqual(
      row
        ?.split(' | ')
        .slice(2)
        .map((cell) => cell.startsWith('yes')),
      promises.map((promise) => isPromised(pattern, promise)),
      pattern.name,
    );
  }
});

test('a triangle over a loop is a broken promise only where the receiver in question was named first', (t) => {
  const triangle = (...to: readonly string[]): Histories => ({
    ...wrong['triangle'],
    a: [send('cause', ...to), receive('effect')],
  });
  t.is(brokenPromise(triangle('b', 'c'), datagram), undefined);
  t.is(brokenPromise(triangle('c', 'b'), datagram), 'causality');
});
