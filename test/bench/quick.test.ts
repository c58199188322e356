/** The whole comparison at smoke sizes: real processes, every contender, both checkers. */
import test from 'ava';
import { benchLines, placements, runBench, smokeOptions } from '../../bench/index.js';

test('every contender answers, nothing is violated, and the lines have their stable names', async (t) => {
  t.timeout(110_000);
  const progress: number[] = [];
  const result = await runBench({ ...smokeOptions, onProgress: (_, share) => progress.push(share) });
  for (const reason of result.missing) t.log(`missing: ${reason}`);
  const lines = benchLines(result).map((line) => JSON.parse(line) as Record<string, unknown>);
  const calls = lines.filter((line) => line['workload'] === 'W1');
  const expected = [
    'bus control',
    'bus empty',
    'c-seqpacket empty',
    'datagram control',
    'datagram empty',
    'memory control',
    'memory empty',
  ];
  for (const { name } of placements()) {
    const found = calls
      .filter((line) => line['placement'] === name)
      .map((line) => `${line['contender']} ${line['call']}`)
      .sort();
    t.deepEqual(found, [...expected, 'node-net empty', 'sockets control', 'sockets empty']);
  }
  for (const line of calls) {
    t.is(typeof line['queue_depth'], line['contender'] === 'datagram' ? 'number' : 'undefined');
    t.is(line['violations'], 0, `${line['contender']} ${line['call']}`);
    t.true(Number(line['samples']) > 0);
    t.is(typeof line['ratio_low'], 'number');
    t.is(typeof line['histogram'], 'string');
    t.is(typeof (line['machine'] as Record<string, unknown>)['kernel'], 'string');
  }
  const relays = lines.filter((line) => line['workload'] === 'W8');
  t.deepEqual([...new Set(relays.map((line) => line['contender']))].sort(), ['bus', 'datagram', 'sockets']);
  for (const line of relays) t.is(line['violations'], 0, String(line['example']));
  t.deepEqual(
    progress,
    [...progress].sort((a, b) => a - b),
  );
});
