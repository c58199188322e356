/** What the report calls sure is sure for all questions of its table together (benchmark method, point 16). */
import test from 'ava';
import { answersOf, tableTitles } from '../../bench/report/answers.js';
import { contrasts } from '../../bench/report/contrast.js';
import { crossings } from '../../bench/report/crossing.js';
import { compared, medianTime, type Ratio, verdictsOf } from '../../bench/report/selection.js';
import { launchRatio } from '../../bench/statistics/launch-ratio.js';
import { createNoise } from './statistics/noise.js';
import { cellOf } from './statistics/runs.js';
import { launchesOf } from './support/launches.js';

const families = 60;
const questions = 40;
const launches = 5;

/** Ratios of so many pairs of equals. */
function equals(noise: ReturnType<typeof createNoise>): Ratio[] {
  const medians = () =>
    launchesOf(
      Array.from({ length: launches }, (_, launch) => ({
        launch,
        p50_us: 50 * Math.exp(0.05 * noise.normal()),
      })),
    );
  return Array.from({ length: questions }, () => {
    const ratio = launchRatio(medians(), medians(), medianTime, 1);
    if (ratio === null) throw new Error('there are launches');
    return ratio;
  });
}

test('16: of forty questions about equals hardly ever one is called sure, though intervals alone would', (t) => {
  const noise = createNoise(7);
  let sure = 0;
  let alone = 0;
  for (let family = 0; family < families; family++) {
    const ratios = equals(noise);
    if (verdictsOf(ratios).some((verdict) => verdict !== 'same')) sure++;
    if (ratios.some(({ low, high }) => (low ?? 0) > 1 || (high ?? 2) < 1)) alone++;
  }
  t.log(`seed 7: ${sure} of ${families} families with something sure, ${alone} by intervals alone`);
  t.true(sure <= families * 0.09, 'the level, and what chance adds');
  t.true(alone >= families * 0.7, 'what it was before');
});

test('16: the p of a ratio is that of Student’s paired test on the logarithms', (t) => {
  // Logarithms 0.1, 0.2, 0.3: mean 0.2, error 0.1/√3, t 3.4641 with two degrees of freedom.
  const ours = launchesOf([0.1, 0.2, 0.3].map((log, launch) => ({ launch, p50_us: Math.exp(log) })));
  const theirs = launchesOf([0, 1, 2].map((launch) => ({ launch, p50_us: 1 })));
  t.is(launchRatio(ours, theirs, medianTime, 1)?.p?.toFixed(5), '0.07418');
  t.is(launchRatio(theirs, theirs, medianTime, 1)?.p, 1);
  t.is(launchRatio(ours.slice(0, 1), theirs.slice(0, 1), medianTime, 1)?.p, null);
});

/** Launches of ours beside a theirs of 100 µs, whose ratio is not far from 1 and whose interval excludes it. */
const narrow = [104, 101, 106, 102, 105];
const hundred = [100, 100, 100, 100, 100];

test('16: what is sure by itself is not sure among many questions, and both are needed', (t) => {
  const ratio = compared({ ours: cellOf('bus', narrow), theirs: cellOf('sockets', hundred) }, medianTime);
  if (ratio === null) return t.fail();
  t.true((ratio.low ?? 0) > 1);
  t.deepEqual(verdictsOf([ratio]), ['more']);
  const nothing: Ratio = { estimate: 1, low: 0.9, high: 1.1, p: 0.9 };
  const many = verdictsOf([ratio, ...Array.from({ length: 39 }, () => nothing)]);
  t.is(many[0], 'same');
  t.deepEqual(verdictsOf([{ ...ratio, low: 0.99 }]), ['same'], 'p alone is not enough');
  t.deepEqual(verdictsOf([{ ...ratio, p: null }]), ['same']);
});

test('16: the table, the count and the multicasts are corrected, each family by itself, and it says so', (t) => {
  const calls = (count: number, call: (at: number) => readonly number[]) =>
    Array.from({ length: count }, (_, at) => [
      cellOf('bus', call(at), { payload_bytes: at }),
      cellOf('sockets', hundred, { payload_bytes: at }),
    ]).flat();
  const wide = [80, 120, 95, 110, 99];
  const lines = calls(40, (at) => (at === 0 ? narrow : wide));
  t.is(contrasts(lines).find(({ pair }) => pair.ours.payload_bytes === 0)?.verdict, 'same');
  t.is(
    contrasts(lines.slice(0, 2))[0]?.verdict,
    'worse',
    'the only question has nothing to be corrected for',
  );
  const multicast = (contender: string, p50s: readonly number[], receivers: number) =>
    cellOf(contender, p50s, { workload: 'W4', call: 'multicast', receivers });
  const one = [multicast('bus', narrow, 1), multicast('sockets', hundred, 1)];
  const beside = [...lines, ...one];
  t.is(contrasts(beside).find(({ workload }) => workload === 'W4')?.verdict, 'worse', 'a family of its own');
  const many = [
    ...one,
    ...Array.from({ length: 39 }, (_, at) => [
      multicast('bus', wide, at + 2),
      multicast('sockets', hundred, at + 2),
    ]).flat(),
  ];
  t.is(crossings(one)[0]?.steps[0]?.verdict, 'more');
  t.is(crossings(many)[0]?.steps[0]?.verdict, 'same');
  t.is(
    contrasts(many).find(({ pair }) => pair.ours.receivers === 1)?.verdict,
    'same',
    'as the sentence says',
  );
  t.regex(tableTitles[1], /Holm's correction for all questions/);
  t.regex(tableTitles[2], /Holm's correction for all multicasts/);
  t.regex(answersOf(lines)[0].sentences.join('\n'), /Of 40 questions .* worse in 0, .* \(Holm's correction/);
});
