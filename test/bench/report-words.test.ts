/** The words of the report say no more than the numbers do. */
import test from 'ava';
import { answersOf } from '../../bench/report/answers.js';
import { contrasts, contrastTable } from '../../bench/report/contrast.js';
import { crossings } from '../../bench/report/crossing.js';
import { figuresOf } from '../../bench/report/figures/index.js';
import { promiseTable } from '../../bench/report/figures/order.js';
import { unusable } from '../../bench/report/figures/trust.js';
import { renderFindings } from '../../bench/report/findings.js';
import { compared, medianTime, verdictsOf } from '../../bench/report/selection.js';
import { tableHtml, tableMarkdown } from '../../bench/report/table.js';
import { printResults } from '../../bench/report/terminal.js';
import type { Results } from '../../bench/results/directory.js';
import { type CellLine, isOrderLine, type OrderLine, type ResultLine } from '../../bench/results/line.js';
import { cellOf, launchOf } from './statistics/runs.js';
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
  t.regex(
    said,
    /costs the sender (0\.9|1\.0)\d times .* over `bus` on two cores \(12\.0.µs against 12\.0.µs\)/,
  );
  t.regex(said, /costs the sender 2[4-7]\d times .* over `sockets` on two cores \(768.µs against 3\.00.µs\)/);
});

test('the figure of the loads says of which peak they are shares, where the results have it', (t) => {
  const { lines } = syntheticResults({ seed, launches: 3, workloads: ['W1'] });
  const reading = (of: readonly ResultLine[]): string =>
    figuresOf(of).figures.find(({ id }) => id === 'load')?.reading ?? '';
  t.notRegex(reading(lines), /Peaks/);
  const told = lines.map((line) =>
    isOrderLine(line) || line.loop !== 'open' ? line : { ...line, peak_per_second: 12_345 },
  );
  t.regex(reading(told), /Peaks, calls per second at the placement "two cores", found anew .*bus 12.345/);
  const apart = told.map((line) =>
    isOrderLine(line) || line.contender !== 'bus' || (line.load_share ?? 0) < 0.6
      ? line
      : { ...line, peak_per_second: 24_690 },
  );
  t.regex(reading(apart), /[ :] bus 12\.3\u00a0k to 24\.7\u00a0k, /);
});

test('who could not carry what was offered is called overloaded, in words and in the table (point 4)', (t) => {
  const { lines } = syntheticResults({ seed, launches: 3, workloads: ['W1'] });
  const loads = (achieved: (line: CellLine) => number) => {
    const told = lines.map((line) =>
      isOrderLine(line) || line.loop !== 'open' ? line : { ...line, achieved_share: achieved(line) },
    );
    return figuresOf(told).figures.find(({ id }) => id === 'load');
  };
  t.notRegex(figuresOf(lines).figures.find(({ id }) => id === 'load')?.reading ?? '', /verloaded/);
  t.regex(loads(() => 0.95)?.reading ?? '', /Nobody was overloaded/);
  const some = loads(({ contender, load_share, schedule }) =>
    contender === 'bus' && load_share === 0.9 && schedule === 'poisson' ? 0.8 : 0.99,
  );
  t.regex(some?.reading ?? '', /Overloaded, so that .*: bus at 90.% Poisson\.$/);
  const marked = some?.table.rows.filter((row) => row.some((text) => text.endsWith('(overloaded)')));
  t.deepEqual(
    [...new Set(marked?.map(([contender, , schedule, share]) => [contender, schedule, share].join(' ')))],
    ['bus poisson 90.0\u00a0%'],
  );
});

test('without cells of the sender alone there is nothing about its cost', (t) => {
  const lines = syntheticResults({ seed, launches: 3, workloads: ['W4'] }).lines.filter(
    (line) => line.call !== 'multicast-cost',
  );
  t.false(figuresOf(lines).figures.some(({ id }) => id === 'sender'));
  t.notRegex(answersOf(lines)[1].sentences.join('\n'), /costs the sender/);
});

test('a ratio without an interval is no verdict, however far from 1', (t) => {
  const verdictOf = (low: number | null, high: number | null): string | undefined =>
    verdictsOf([{ estimate: 10, low, high, p: 0.001 }])[0];
  t.is(verdictOf(null, null), 'same');
  t.is(verdictOf(1.2, 19), 'more');
  t.is(verdictOf(0.2, 0.9), 'less');
  t.is(verdictOf(0.9, 19), 'same');
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
  t.regex(
    second.short,
    /^This run cannot tell: .* have no intervals, for which it takes at least two launches/,
  );
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

test('6: two cells are compared in the launches that both have, by their numbers', (t) => {
  const ours = cellOf('bus', [0], { launches: [40, 80, 20, 40].map((p50, at) => launchOf(at + 1, p50)) });
  const theirs = cellOf('sockets', [0], { launches: [10, 20, 40, 10].map((p50, at) => launchOf(at, p50)) });
  const ratio = compared({ ours, theirs }, medianTime);
  t.is(ratio, null, 'a cell without a figure is not compared');
  const measured = { ours: { ...ours, p50_us: 40 }, theirs: { ...theirs, p50_us: 15 } };
  const paired = compared(measured, medianTime);
  t.deepEqual(
    [paired?.estimate, paired?.low, paired?.high].map((value) => value?.toFixed(6)),
    ['2.000000', '2.000000', '2.000000'],
  );
  const apart = {
    ours: { ...measured.ours, launches: [launchOf(0, 30)] },
    theirs: { ...measured.theirs, launches: [launchOf(1, 10)] },
  };
  t.deepEqual(compared(apart, medianTime), { estimate: 40 / 15, low: null, high: null, p: null });
});

/** A run of W8 with these of its lines, as the synthetic one has them. */
function ordersRun(
  isWanted: (line: OrderLine) => boolean,
  options: Partial<Parameters<typeof syntheticResults>[0]> = {},
): Results {
  const results = syntheticResults({ seed, workloads: ['W8'], ...options });
  return { ...results, lines: results.lines.filter(isOrderLine).filter(isWanted) };
}

test('an effect before its cause is one thing, receivers that disagree are another', (t) => {
  const said = ({ lines }: Results): string => answersOf(lines)[2].short;
  const both = ordersRun(() => true);
  const causality = ordersRun(({ property }) => property === 'causality');
  const agreement = ordersRun(({ property }) => property === 'agreement');
  t.regex(
    said(both),
    /^An effect was received before its cause over `sockets`, receivers disagreed on the order over (`sockets` and `datagram`|`datagram` and `sockets`), and neither over `bus`\. /,
  );
  t.true(
    said(causality).startsWith(
      'An effect was received before its cause over `sockets`, and never over `bus` or `datagram`. ',
    ),
  );
  t.regex(said(agreement), /^Receivers disagreed on the order over .*`datagram`.*, and never over `bus`\. /);
  const page = (results: Results): string => renderFindings(results, 'results/findings');
  t.regex(page(causality), /acts on something whose cause it has not seen/);
  t.notRegex(page(causality), /places that must agree/);
  t.notRegex(page(agreement), /whose cause it has not seen/);
  t.regex(
    page(agreement),
    /"two concurrent multicasts" and "disjoint destinations" .* places that must agree/,
  );
});

test('a bound that counts runs is marked in the tables, and one launch has none', (t) => {
  const quiet = ordersRun(() => true, { hasInversions: false });
  const table = promiseTable(quiet.lines);
  t.true(table?.rows.every((row) => /^at most .* †$/.test(row.at(-1) ?? '')));
  t.regex(table?.note ?? '', /^† .*rule of three/);
  if (table !== undefined) {
    t.is(tableMarkdown(table).at(-1), table.note);
    t.true(tableHtml(table, 'title').endsWith(`<p class="quiet">${table.note}</p>`));
  }
  t.regex(printResults(quiet, false), /at most [^│]* † │/);
  t.regex(printResults(quiet, false), /\n† .*rule of three/);
  const loud = ordersRun(({ contender, load_kib }) => contender === 'sockets' && load_kib > 0);
  t.is(promiseTable(loud.lines)?.note, undefined);
  t.notRegex(printResults(loud, false), /†/);
  const once = ordersRun(() => true, { hasInversions: false, launches: 1 });
  t.true(promiseTable(once.lines)?.rows.every((row) => row.at(-1) === '–'));
  t.regex(answersOf(once.lines)[2].sentences.join('\n'), /no inversion in .*\(one launch bounds nothing/);
});

test('that nothing is lost is said only of a run in which nothing was, and a lost message is not drawn as an inversion', (t) => {
  const quiet = ordersRun(() => true, { hasInversions: false });
  const page = (part: Partial<OrderLine>): string => {
    const lines = quiet.lines
      .filter(isOrderLine)
      .map((line, at): OrderLine => (at === 0 ? { ...line, ...part } : line));
    return renderFindings({ ...quiet, lines }, 'results/findings');
  };
  const diagram = { processes: ['a', 'b'], rows: 1, events: [], arrows: [], sentence: 'it never came' };
  t.regex(page({}), /Nothing is lost and nothing arrives twice/);
  const lost = page({
    violations: 1,
    delivery_faults: 1,
    example: 'a picture of it',
    diagram: { ...diagram, property: 'delivery' },
  });
  t.notRegex(lost, /Nothing is lost/);
  t.regex(lost, /In 1 cell of W8 messages were lost, doubled, invented or changed: that is no inversion/);
  t.regex(lost, /A message that did not come as it was sent, which is no inversion, relay over `\w+`:/);
  t.notRegex(lost, /The shortest one that was recorded/);
  t.notRegex(page({ violations: 1 }), /Nothing is lost|messages were lost/, 'earlier results do not tell');
});

test('the findings of a smoke run say that it is one, as the report does', (t) => {
  const results = syntheticResults({ seed, launches: 1, workloads: ['W5'] });
  const page = (noise: readonly string[]): string =>
    renderFindings({ ...results, run: { ...results.run, tier: 'smoke', noise } }, 'results/findings');
  t.regex(page([]), /\nIts figures are to be read with care:\n\n- a smoke run shows/);
  t.regex(page(['a neighbour']), /\nThe run was noisy, .*:\n\n- a smoke run shows .*\n- a neighbour\n/);
});

test('a cell that crashed is told in one line, at the terminal and in the report', (t) => {
  const invalid =
    'failed in 1 of 1 launches: client ended: file:///a/main.js:20\n  child.once(\n  ^\n\nError: no such peer\n    at y\n\nNode.js v20';
  const results = syntheticResults({ seed, launches: 1, workloads: ['W1'] });
  const [line] = results.lines;
  if (line === undefined || isOrderLine(line)) throw new Error('no cell');
  const broken: Results = { ...results, lines: [{ ...line, invalid }] };
  const words = 'failed in 1 of 1 launches: client ended: Error: no such peer';
  t.true(printResults(broken, false).includes(`\n${line.contender}: ${words}\n`));
  const [said = '', ...more] = unusable(broken);
  t.deepEqual(more, []);
  t.true(said.endsWith(`: ${words}`), said);
});
