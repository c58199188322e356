/** Long and random use of init: nothing is lost, nothing is left open, nothing crashes it (docs/spec/init.md I2, I4, I10, I14). */
import { existsSync } from 'node:fs';
import test from 'ava';
import {
  encodeAck,
  encodeAdopt,
  encodeHeartbeat,
  encodeList,
  encodeSignal,
  encodeSpawn,
  encodeStore,
  encodeUnstore,
} from '../../broker/supervisor/init-wire.js';
import { eventually } from '../support/eventually.js';
import { readyInit, shell } from '../support/init-run.js';
import { childrenOf, descriptorCount } from '../support/processes.js';
import { createRandom, seedOf } from '../support/random.js';

const atOnce = { options: ['--restart-min', '1', '--restart-max', '1'] };

test('I4: starts, failures, stores and lists leave no descriptor and no process in init', async (t) => {
  const { init, broker } = await readyInit(t, atOnce);
  const before = descriptorCount(init.pid);
  const file = await broker.open('/dev/null', 'r');
  for (let round = 0; round < 20; round += 1) {
    await broker.started(shell(1, 'exit 0', { targets: [0, 5, 9] }), [file, file, file]);
    await broker.exit(1);
    await broker.spawn({ ...shell(2, ''), argv: ['/nonexistent'], targets: [0] }, [file]);
    await broker.spawn({ ...shell(2, ''), argv: ['/nonexistent'], uid: 0, targets: [0] }, [file]);
    await broker.send(encodeStore('x'), [file]);
    await broker.send(encodeStore('x'), [file]);
    await broker.send(encodeList());
    await broker.next('end');
    await broker.send(encodeUnstore('x'));
  }
  broker.kill();
  await (await init.broker(1)).takeOver();
  t.is(descriptorCount(init.pid), before);
  t.is(childrenOf(init.pid).length, 1);
});

test('I10 I14: more orphans than are kept are counted, and each is told or counted once', async (t) => {
  const { init, broker } = await readyInit(t, atOnce);
  const count = 3000;
  await broker.order({ do: 'reading', on: false });
  // Each subshell ends at once, and what it started comes to init: more than the connection and the queue hold together.
  const script = `i=0; while [ $i -lt ${count} ]; do (: &); i=$((i+1)); done; echo >${init.file('made')}`;
  await broker.send(encodeSpawn(shell(1, script)));
  await eventually('all are made', () => existsSync(init.file('made')), 60_000);
  await eventually('all have ended', () => childrenOf(init.pid).length === 1, 60_000);
  await broker.order({ do: 'reading', on: true });
  t.is((await broker.exit(1)).status, 0);
  const told = (): number => broker.of('orphan').length;
  const lost = (): number => broker.of('orphan').reduce((sum, orphan) => sum + orphan.lost, 0);
  await eventually('each is told or counted', () => told() + lost() === count);
  t.log(`${told()} told, ${lost()} lost`);
  t.true(lost() > 0 && told() >= 1024);
});

test('I2: mutated frames: init lives, services live, the next broker takes over', async (t) => {
  const { below } = createRandom(seedOf(t));
  const { init, broker } = await readyInit(t, atOnce);
  const service = await broker.started(shell(1_000_000, 'exec sleep 60'));
  const makers: (() => Uint8Array)[] = [
    () => encodeSpawn(shell(1 + below(50), 'exit 1', { groups: [], rlimits: [{ resource: 7, soft: 64 }] })),
    () => encodeSpawn(shell(1 + below(50), 'exit 2', { nice: 3, umask: 0, targets: [] })),
    () => encodeAdopt(1 + below(50), below(100_000), new Uint8Array(below(64))),
    () => encodeSignal(1 + below(50), 1 + below(70), below(100) < 50 ? 'group' : 'process'),
    () => encodeAck(1 + below(50), 1 + below(50)),
    () => encodeUnstore('u'.repeat(1 + below(100))),
    () => encodeList(),
    () => encodeHeartbeat(),
  ];
  let current = broker;
  for (let life = 0; life < 12; life += 1) {
    for (let at = 0; at < 60 && !current.isEnded; at += 1) {
      const frame = makers[below(makers.length)]?.() ?? new Uint8Array(8);
      // Most frames are whole; a mutation that keeps the frame whole must do no harm either.
      if (below(100) < 30) frame[8 + below(frame.length - 8)] = below(256);
      if (below(100) < 5) frame[below(8)] = below(256);
      // Never the service that must live, nor an end that was not asked for.
      if (frame[4] === 10 || Buffer.from(frame).includes(Buffer.of(0x40, 0x42, 0x0f, 0))) continue;
      current.command({ do: 'send', frame: Buffer.from(frame).toString('base64'), descriptors: [] });
    }
    // What was sent may have been its end already.
    if (life % 2 !== 0 || !current.kill())
      current.command({
        do: 'send',
        frame: Buffer.from(new Uint8Array(16)).toString('base64'),
        descriptors: [],
      });
    const [ended, lives] = [current, init.brokers.length];
    await eventually('the broker ends', () => ended.isEnded);
    current = await init.broker(Math.max(lives, init.brokers.indexOf(ended) + 1));
    const { services } = await current.takeOver();
    t.is(services.find(({ token }) => token === 1_000_000)?.pid, service.pid);
    t.is(init.process.exitCode, null, init.stderr);
  }
});
