/** The same checker on a real bus: a broker process, peers in processes of their own, real sockets, real deaths. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createRandom } from '../support/random.js';
import { drawHistory } from './diagram.js';
import { startChild } from './soak/child.js';
import { runRound } from './soak/round.js';

const seed = Number(process.env['SEED'] ?? 20_261);

test('O1–O3, M1–M7, N3, T1–T3, P3: what peers in processes of their own see keeps every rule, with some of them killed', async (t) => {
  t.log(`seed ${seed}`);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-real-bus-'));
  const socket = join(directory, 'bus');
  const broker = await startChild('broker', [socket], () => {});
  try {
    const random = createRandom(seed);
    const result = await runRound({
      ...{ broker, socket, directory, random, actingMs: 2500, peersMax: 4, round: 1 },
    });
    const { events } = result.history;
    const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
    t.log(`${count('issued')} messages of ${result.peers} peers, ${result.killed} killed`);
    const [violation] = result.violations;
    if (violation !== undefined) t.log(drawHistory(result.history, violation.about));
    t.deepEqual(result.violations, []);
    t.true(result.killed > 0);
    t.true(count('received') > 20 && count('answered') > 3 && count('told') > 0);
    const report = await broker.ask('report');
    t.like(report, { peers: 0, nodes: 0, handles: 0, callsOutstanding: 0, repliesHeld: 0 });
  } finally {
    broker.kill('SIGKILL');
    await broker.ended;
    rmSync(directory, { recursive: true });
  }
});
