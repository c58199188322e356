/** What a terminal shows of a run: what may be compared stands in one table, and nothing else does. */
import test from 'ava';
import { printResults } from '../../bench/report/terminal.js';
import { isOrderLine, type ResultLine } from '../../bench/results/line.js';
import { syntheticResults } from './support/synthetic-results.js';

interface Shown {
  readonly title: string;
  readonly text: string;
}

/** The tables with what stands over each. */
function shown(lines: readonly ResultLine[]): Shown[] {
  const text = printResults({ ...syntheticResults({ seed: 3, workloads: [] }), lines }, false);
  return text.split(/\n(?=W\d+: )/).flatMap((part) => {
    const [title = '', ...rest] = part.split('\n');
    return /^W\d/.test(title) ? [{ title, text: rest.join('\n') }] : [];
  });
}

test('closed and open loops are in tables of their own, and the title says which', (t) => {
  const { lines } = syntheticResults({ seed: 3, workloads: ['W1'], launches: 1 });
  const tables = shown(lines.filter(({ placement }) => placement === 'two-cores'));
  const loops = tables.map(({ title }) => /two-cores(.*)$/.exec(title)?.[1]).sort();
  t.deepEqual(loops, ['', ', open loop (constant)', ', open loop (poisson)']);
  for (const { title, text } of tables) t.is(text.includes('load_share'), title.includes('open loop'), title);
});

test('each placement of W8 has a table, whose last column is the promise', (t) => {
  const { lines } = syntheticResults({ seed: 3, workloads: ['W8'], launches: 2 });
  const [first] = lines.filter(isOrderLine).filter(({ is_promised }) => is_promised);
  t.truthy(first);
  const broken = lines.map((line) => (line === first ? { ...first, violations: 1 } : line));
  const tables = shown(broken);
  const placements = new Set(lines.map(({ placement }) => placement));
  t.deepEqual(tables.map(({ title }) => title.split('; ').at(-1)).sort(), [...placements].sort());
  for (const { text } of tables) {
    t.regex(text, /│ promise +│\n/);
    t.notRegex(text, /│ +│\n/, 'a cell without words');
    t.regex(text, /│ sockets .* none +│/);
    t.regex(text, /│ bus .* kept +│/);
  }
  t.regex(tables.map(({ text }) => text).join('\n'), /│ FAILED +│/);
});
