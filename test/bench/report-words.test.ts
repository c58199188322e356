/** The words of the report say no more than the numbers do. */
import test from 'ava';
import { answersOf } from '../../bench/report/answers.js';
import { contrasts, contrastTable } from '../../bench/report/contrast.js';
import { crossings } from '../../bench/report/crossing.js';
import { figuresOf } from '../../bench/report/figures/index.js';
import { unusable } from '../../bench/report/figures/trust.js';
import { renderFindings } from '../../bench/report/findings.js';
import { verdictOf } from '../../bench/report/selection.js';
import type { Results } from '../../bench/results/directory.js';
import { isOrderLine, type OrderLine, type ResultLine } from '../../bench/results/line.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 23;

test('what a multicast costs its sender is the sample of a batch over its 16 messages', (t) => {
  const { lines } = syntheticResults({ seed, launches: 3, workloads: ['W4'] });
  const figure = figuresOf(lines).figures.find(({ id }) => id === 'sender');
  t.deepEqual([...new Set(figure?.lines.map((cell) => !isOrderLine(cell) && cell.call))], ['multicast-cost']);
  const costs = figure?.table.rows
    .filter(([contender]) => contender === 'bus' || contender === 'sockets')
    .map(([contender, , receivers, cost]) => `${contender} ${receivers}: ${cost}`);
  t.deepEqual(costs?.sort(), [
    'bus 16: 12.0',
    'bus 1: 12.0',
    'bus 256: 12.0',
    'sockets 16: 48.0',
    'sockets 1: 3.00',
    'sockets 256: 768',
  ]);
  t.regex(figure?.reading ?? '', /sender's thread .* batches of 16, divided by as many/);
  const said = answersOf(lines)[1].sentences.join('\n');
  t.regex(said, /costs the sender (0\.9|1\.0)\d times .* over `bus` on two cores \(12\.0.µs to 12\.0.µs\)/);
  t.regex(said, /costs the sender 2[4-7]\d times .* over `sockets` on two cores \(768.µs to 3\.00.µs\)/);
});

test('the figure of the loads says of which peak they are shares, where the results have it', (t) => {
  const { lines } = syntheticResults({ seed, launches: 3, workloads: ['W1'] });
  const reading = (of: readonly ResultLine[]): string =>
    figuresOf(of).figures.find(({ id }) => id === 'load')?.reading ?? '';
  t.notRegex(reading(lines), /Peaks/);
  const told = lines.map((line) =>
    isOrderLine(line) || line.loop !== 'open' ? line : { ...line, peak_per_second: 12_345 },
  );
  t.regex(reading(told), /Peaks, calls per second at the placement "two cores": .*bus 12.345/);
});

test('without cells of the sender alone there is nothing about its cost', (t) => {
  const lines = syntheticResults({ seed, launches: 3, workloads: ['W4'] }).lines.filter(
    (line) => line.call !== 'multicast-cost',
  );
  t.false(figuresOf(lines).figures.some(({ id }) => id === 'sender'));
  t.notRegex(answersOf(lines)[1].sentences.join('\n'), /costs the sender/);
});

test('a ratio without an interval is no verdict, however far from 1', (t) => {
  t.is(verdictOf({ estimate: 10, low: null, high: null }), 'same');
  t.is(verdictOf({ estimate: 0.1, low: null, high: null }), 'same');
  t.is(verdictOf({ estimate: 1.5, low: 1.2, high: 1.9 }), 'more');
  t.is(verdictOf({ estimate: 0.5, low: 0.2, high: 0.9 }), 'less');
  t.is(verdictOf({ estimate: 1.5, low: 0.9, high: 1.9 }), 'same');
});

test('of one launch nothing is surely better, worse or sooner', (t) => {
  const once = syntheticResults({ seed, launches: 1, busCall: 5, busMulticast: 0.05 });
  const { lines } = once;
  t.true(contrasts(lines).every(({ verdict }) => verdict === 'same'));
  t.deepEqual([...new Set(contrastTable(contrasts(lines)).rows.map((row) => row.at(-1)))], ['not sure']);
  t.true(crossings(lines).every(({ from, fasterAt }) => from === undefined && fasterAt.length === 0));
  const [first, second] = answersOf(lines);
  t.regex(first.short, /takes \d\.\d\d times \(no interval\) as long/);
  t.regex(
    first.sentences.join('\n'),
    /surely better in 0, surely worse in 0, and in \d+ this run cannot tell/,
  );
  t.regex(second.short, /^This run cannot tell: .* have no intervals, for which it takes two launches/);
  const page = renderFindings(once, 'results/findings');
  t.regex(page, /### Where the bus wins\n\nNowhere that this run can be sure of\./);
  t.regex(page, /### Where it loses\n\nNowhere that this run can be sure of\./);
  t.regex(page, /### Where this run cannot tell\n\n- call/);
});

test('of several launches what the interval leaves no doubt of is said', (t) => {
  const { lines } = syntheticResults({ seed, launches: 5, busCall: 5, busMulticast: 0.05 });
  const [first, second] = answersOf(lines);
  t.regex(first.sentences.join('\n'), /surely worse in [1-9]/);
  t.regex(second.short, /surely reached its last receiver sooner .* at every number/);
});

function failing(part: Pick<OrderLine, 'violations'> & Partial<OrderLine>): string[] {
  const results = syntheticResults({ seed, launches: 1, workloads: ['W8'] });
  const line = results.lines.filter(isOrderLine).find(({ is_promised }) => is_promised);
  const broken: Results = { ...results, lines: line === undefined ? [] : [{ ...line, ...part }] };
  return unusable(broken);
}

test('a lost message of W8 is not called a broken order, nor a broken order a lost message', (t) => {
  const [lost = ''] = failing({ violations: 2, delivery_faults: 2 });
  t.regex(lost, /failed, 2 violations: 2 messages lost, doubled, invented or changed$/);
  t.notRegex(lost, /causality|agreement|promised/);
  const [swapped = ''] = failing({ violations: 1, delivery_faults: 0 });
  t.regex(
    swapped,
    /failed, 1 violation: a promised order not kept in 1 run \(the pattern is about causality\)$/,
  );
  t.notRegex(swapped, /lost/);
  const [both = ''] = failing({ violations: 3, delivery_faults: 1 });
  t.regex(both, /3 violations: 1 message lost, .* and a promised order not kept in 2 runs/);
  const [unknown = ''] = failing({ violations: 3 });
  t.regex(unknown, /3 violations of delivery or of a promised order$/);
});

test('a cell of W8 that lost a message has failed in the answer, too, whether or not it has an inversion', (t) => {
  const results = syntheticResults({ seed, launches: 1, workloads: ['W8'], hasInversions: false });
  const lines = results.lines.map((line) =>
    isOrderLine(line) && line.contender === 'bus' ? { ...line, violations: 1, delivery_faults: 1 } : line,
  );
  t.regex(answersOf(lines)[2].sentences.join('\n'), /`bus` .*: no inversion in .*: the run has failed\./);
});
