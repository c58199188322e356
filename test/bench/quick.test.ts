/**
 * Runs of the suite at smoke sizes: real processes, every contender that is here, lines with their stable names. The other workloads have
 * tests of their own (workloads.test.ts, order-patterns.test.ts).
 */
import test from 'ava';
import { failuresOf, placements, prepareSuite, resultLines, runSuite } from '../../bench/index.js';
import { missedSchedule } from '../../bench/latency/launch.js';
import { cellKey, isOrderLine } from '../../bench/results/line.js';

for (const workload of ['W1', 'W10']) {
  test.serial(`${workload} runs, nothing is violated, and the lines have their stable names`, async (t) => {
    t.timeout(110_000);
    const progress: number[] = [];
    const suite = prepareSuite({
      tier: 'smoke',
      seed: 1,
      peers: 'auto',
      workloads: [workload],
      command: 'test',
      onProgress: (_, share) => progress.push(share),
    });
    const results = await runSuite(suite);
    for (const reason of results.run.missing) t.log(`missing: ${reason}`);
    t.deepEqual(failuresOf(results), []);
    t.true(results.lines.length > 0);
    for (const line of results.lines) {
      const name = isOrderLine(line) ? `${line.contender} ${line.call}` : cellKey(line);
      t.is(line.workload, workload);
      t.is(line.violations, 0, name);
      if (!isOrderLine(line) && line.invalid === missedSchedule) {
        t.log(`too busy here: ${name}`);
        continue;
      }
      t.true(line.samples > 0, name);
      if (isOrderLine(line)) continue;
      t.is(line.placement, placements()[0]?.name ?? '');
      t.true(line.launches.length > 0, name);
      t.true(line.cpu_us_per_message > 0, name);
      t.is(line.histogram.length > 0, true, name);
    }
    t.deepEqual(
      progress,
      [...progress].sort((a, b) => a - b),
    );
    t.true(resultLines(results).every((line) => 'kernel' in JSON.parse(line).machine));
  });
}
