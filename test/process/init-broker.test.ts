/** The broker's life under init: restart, taking over, garbage, silence, and what init keeps meanwhile (docs/spec/init.md). */
import { closeSync, openSync, readFileSync } from 'node:fs';
import test from 'ava';
import {
  encodeAck,
  encodeFinish,
  encodeHeartbeat,
  encodeHello,
  encodeList,
  encodeSignal,
  encodeSpawn,
  encodeStore,
  encodeUnstore,
} from '../../broker/supervisor/init-wire.js';
import { eventually, pause, within } from '../support/eventually.js';
import { quickly, readyInit, runInit, shell, startInit } from '../support/init-run.js';
import { childrenOf } from '../support/processes.js';
import { stopProcess } from '../support/stopping.js';

test('I1: WELCOME names the version, the process, the tables, the build and what went before', async (t) => {
  const init = await runInit(
    t,
    quickly({ options: ['--services', '100', '--descriptors', '50', '--watchdog', '9000'] }),
  );
  const broker = await init.broker();
  const welcome = await broker.hello();
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.like(welcome, {
    version: 1,
    isFirstProcess: false,
    pid: init.pid,
    servicesMax: 100,
    descriptorsMax: 50,
    brokersBefore: 0,
    watchdogMs: 9000,
    build: version,
  });
  t.regex(welcome.bootId, /^[0-9a-f]{32}$/);
  broker.kill();
  const next = await (await init.broker(1)).hello();
  t.like(next, { brokersBefore: 1, bootId: welcome.bootId });
});

test('I1: a version that init does not speak is refused, and such a broker is replaced', async (t) => {
  const init = await runInit(t, quickly());
  const broker = await init.broker();
  const hello = encodeHello();
  new DataView(hello.buffer).setUint16(8, 7, true);
  new DataView(hello.buffer).setUint16(10, 9, true);
  await broker.send(hello);
  t.like(await broker.next('refused'), { request: 'hello', errno: 93 });
  await (await init.broker(1)).hello();
});

test('I17: the environment is scrubbed, the session its own, and descriptors are passed on', async (t) => {
  const file = openSync('/dev/null', 'r');
  t.teardown(() => closeSync(file));
  const env = {
    NODE_EXTRA_CA_CERTS: '/nonexistent',
    NODE_OPTIONS: '--max-old-space-size=999',
    NODE_PATH: '/x',
    npm_config_x: 'y',
    UV_THREADPOOL_SIZE: '3',
    XDG_RUNTIME_DIR: '/tmp',
    CAPSTAN_SOCKET: '/s',
    NO_COLOR: '1',
    LANG: 'C.UTF-8',
    WHATEVER: 'stays',
  };
  const options = ['--pass-fd', '3', '--keep-env', 'NODE_PATH'];
  const { init, broker } = await readyInit(t, quickly({ env, options, descriptors: [file] }));
  const seen = broker.greeting.environment;
  for (const name of ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'npm_config_x', 'UV_THREADPOOL_SIZE']) {
    t.is(seen[name], undefined, name);
  }
  for (const name of [
    'NODE_PATH',
    'XDG_RUNTIME_DIR',
    'CAPSTAN_SOCKET',
    'NO_COLOR',
    'LANG',
    'WHATEVER',
    'PATH',
  ]) {
    t.is(seen[name], { ...process.env, ...env }[name], name);
  }
  t.is(seen['CAPSTAN_INIT_FD'], '4');
  t.is(await broker.look(3), '/dev/null');
  t.deepEqual(broker.greeting.identity, [init.pid, broker.pid, broker.pid]);
});

test('I8: after a SIGKILL of the broker everything comes back: cookies, pidfds, descriptors, and exits missed meanwhile', async (t) => {
  const { init, broker } = await readyInit(t, quickly());
  const living = await broker.started(shell(1, 'exec sleep 60'));
  await broker.started(shell(2, 'exit 22'));
  const told = await broker.next('exit');
  const dying = await broker.started(shell(3, 'exec sleep 60'));
  const [, write] = (await broker.order({ do: 'pipe' })) as [number, number];
  const file = await broker.open(init.file('stored'), 'w+');
  await broker.send(encodeStore('log/a'), [write]);
  await broker.send(encodeStore('state'), [write]);
  await broker.send(encodeStore('state'), [file]);
  await broker.send(encodeStore('gone'), [file]);
  await broker.send(encodeUnstore('gone'));
  broker.kill();
  process.kill(dying.pid, 'SIGTERM');

  const next = await init.broker(1);
  await next.hello();
  await eventually('the exit was noticed', () => !childrenOf(init.pid).includes(dying.pid));
  t.deepEqual(next.of('exit'), [], 'no EXIT before LIST');
  const { services, descriptors } = await next.takeOver();
  t.deepEqual(
    services
      .map(({ token, isDead, cookie }) => ({ token, isDead, cookie }))
      .sort((a, b) => a.token - b.token),
    [
      { token: 1, isDead: false, cookie: 'cookie 1' },
      { token: 2, isDead: true, cookie: 'cookie 2' },
      { token: 3, isDead: true, cookie: 'cookie 3' },
    ],
  );
  t.is(await next.look(services.find(({ token }) => token === 1)?.descriptor), `pidfd of ${living.pid}`);
  t.deepEqual(descriptors.map(({ name }) => name).sort(), ['log/a', 'state']);
  t.is(await next.look(descriptors.find(({ name }) => name === 'state')?.descriptor), init.file('stored'));
  t.regex(await next.look(descriptors.find(({ name }) => name === 'log/a')?.descriptor), /^pipe:/);
  t.like(await next.exit(2), { sequence: told.sequence, status: 22, cause: 'exited' });
  t.like(await next.exit(3), { status: 15, cause: 'killed' });
  // Asking again repeats the services, not the exits.
  await next.send(encodeList());
  t.deepEqual(await next.next('end'), { kind: 'end', services: 1, descriptors: 2 });
  t.is(next.of('exit').length, 2);
});

test('I9: what a dead broker had sent still counts: SPAWN, STORE and ACK', async (t) => {
  const { init, broker } = await readyInit(t, quickly());
  await broker.started(shell(1, 'exit 1'));
  const exit = await broker.next('exit');
  // Init is stopped, so that it finds the requests and the death together.
  stopProcess(init.pid);
  await broker.order({ do: 'reading', on: false });
  await broker.send(encodeAck(1, exit.sequence));
  await broker.send(encodeList());
  await broker.send(encodeSpawn(shell(2, 'exec sleep 60')));
  await broker.send(encodeSpawn(shell(3, 'exec sleep 60')));
  await broker.send(encodeStore('kept'), [await broker.open('/dev/null', 'r')]);
  await broker.order({ do: 'reading', on: true });
  broker.kill();
  await eventually('the broker is gone', () => broker.isEnded);
  process.kill(init.pid, 'SIGCONT');
  const next = await init.broker(1);
  const { services, descriptors } = await next.takeOver();
  t.deepEqual(services.map(({ token }) => token).sort(), [2, 3]);
  t.deepEqual(
    descriptors.map(({ name }) => name),
    ['kept'],
  );
});

test('I9: what it had sent counts also when it died with unread answers', async (t) => {
  const { init, broker } = await readyInit(t, quickly());
  await broker.order({ do: 'reading', on: false });
  for (let token = 1; token <= 20; token += 1) await broker.send(encodeSpawn(shell(token, 'exec sleep 60')));
  broker.kill();
  const { services } = await (await init.broker(1)).takeOver();
  t.is(services.length, 20);
});

test('I10: a broker that does not read while 2,000 processes end loses none of them', async (t) => {
  const { broker } = await readyInit(t, quickly());
  const count = 2000;
  const tokens = Array.from({ length: count }, (_, at) => at + 1);
  const send = (frames: Uint8Array[]): Promise<unknown> =>
    Promise.all(frames.map((frame) => broker.send(frame)));
  await send(tokens.map((token) => encodeSpawn({ ...shell(token, ''), argv: ['/bin/sleep', '60'] })));
  await eventually('all run', () => broker.of('spawned').length === count, 60_000);
  await broker.order({ do: 'reading', on: false });
  await send(tokens.map((token) => encodeSignal(token, 9, 'process')));
  await pause(50);
  t.is(broker.of('exit').length, 0);
  await broker.order({ do: 'reading', on: true });
  await eventually('all exits', () => broker.of('exit').length === count, 60_000);
  const exits = broker.of('exit');
  t.is(new Set(exits.map(({ token }) => token)).size, count);
  t.deepEqual(
    exits.map(({ sequence }) => sequence),
    exits.map((_, at) => at + 1),
  );
  await send(exits.map((exit) => encodeAck(exit.token, exit.sequence)));
  await broker.send(encodeList());
  t.is((await broker.next('end')).services, 0);
});

test('I2: many frames share a packet, with the descriptors of each', async (t) => {
  const { broker } = await readyInit(t, quickly());
  const file = await broker.open('/dev/null', 'r');
  const count = 400;
  const tokens = Array.from({ length: count }, (_, at) => at + 1);
  // Some 400 bytes each and more than a packet has room for, in bytes as in descriptors.
  const request = (token: number): Uint8Array =>
    encodeSpawn(shell(token, 'exit 0', { targets: [0, 7], env: [`X=${'x'.repeat(300)}`] }));
  await broker.order({
    do: 'send-many',
    frames: tokens.map((token) => Buffer.from(request(token)).toString('base64')),
    descriptors: [file, file],
  });
  await eventually('all have ended', () => broker.of('exit').length === count, 60_000);
  t.true(broker.of('exit').every(({ status }) => status === 0));
  t.is(broker.of('spawn-failed').length, 0);
  const acks = broker.of('exit').map(({ token, sequence }) => encodeAck(token, sequence));
  const names = tokens.map((token) => encodeUnstore(`${token}`.padEnd(1000, '-')));
  const frames = [...acks, ...names].map((frame) => Buffer.from(frame).toString('base64'));
  await broker.order({ do: 'send-many', frames, descriptors: [] });
  await broker.send(encodeList());
  t.is((await broker.next('end')).services, 0);
});

const header = (length: number, kind: number, descriptors = 0, padding = 0): Uint8Array => {
  const bytes = new Uint8Array(Math.max(8, length & ~7));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint8(4, kind);
  view.setUint8(6, descriptors);
  view.setUint8(7, padding);
  return bytes;
};

const spawnWith = (change: (view: DataView) => void, targets: number[] = []): Uint8Array => {
  const frame = encodeSpawn(shell(1, 'exit 0', { targets }));
  change(new DataView(frame.buffer));
  return frame;
};

const garbage: [string, () => Uint8Array, number][] = [
  ['a length that is not the packet’s', () => header(16, 9).slice(0, 8), 0],
  ['a length below a header', () => header(0, 9), 0],
  ['a length that is no multiple of 8', () => header(12, 9), 0],
  ['a kind that nobody knows', () => header(8, 200), 0],
  ['more padding than there is', () => header(8, 9, 0, 7), 0],
  ['a second HELLO', () => encodeHello(), 0],
  ['a declared descriptor that is not there', () => header(8, 9, 1), 0],
  ['a LIST with a body', () => header(16, 8), 0],
  ['a FINISH with a status above 255', () => encodeFinish(256), 0],
  ['a target named twice', () => spawnWith(() => {}, [5, 5]), 2],
  ['fewer descriptors than targets', () => spawnWith((view) => view.setUint8(6, 1), [5, 6]), 1],
  ['token 0', () => spawnWith((view) => view.setUint32(8, 0, true)), 0],
  ['a flag that nobody knows', () => spawnWith((view) => view.setUint32(16, 1 << 20, true)), 0],
  ['more strings than there are', () => spawnWith((view) => view.setUint16(80, 500, true)), 0],
  ['a cookie longer than the frame', () => spawnWith((view) => view.setUint16(78, 1024, true)), 0],
  ['rlimits beyond the frame', () => spawnWith((view) => view.setUint16(72, 65535, true)), 0],
  ['no argv', () => spawnWith((view) => view.setUint16(80, 0, true)), 0],
];

test('I2: garbage costs the broker its life and nobody else anything', async (t) => {
  const { init, broker } = await readyInit(t, quickly({ options: ['--restart-reset', '0'] }));
  const service = await broker.started(shell(77, 'exec sleep 60'));
  let current = broker;
  for (const [at, [what, make, descriptors]] of garbage.entries()) {
    const file = await current.open('/dev/null', 'r');
    current.command({
      do: 'send',
      frame: Buffer.from(make()).toString('base64'),
      descriptors: new Array<number>(descriptors).fill(file),
    });
    await eventually(`${what} ends the broker`, () => init.brokers[at]?.isEnded === true);
    current = await init.broker(at + 1);
    const { services } = await current.takeOver();
    t.deepEqual(
      services.map(({ pid, token }) => [pid, token]),
      [[service.pid, 77]],
      what,
    );
  }
  t.regex(init.stderr, /not the protocol/);
});

test('I2: anything before HELLO is garbage', async (t) => {
  const init = await runInit(t, quickly());
  const broker = await init.broker();
  broker.command({ do: 'send', frame: Buffer.from(encodeList()).toString('base64'), descriptors: [] });
  await init.broker(1);
  t.true(broker.isEnded);
});

test('I2: a broker that closes its connection and goes on is ended', async (t) => {
  const { init, broker } = await readyInit(t, quickly());
  broker.command({ do: 'end-connection' });
  await init.broker(1);
  t.true(broker.isEnded);
  t.regex(init.stderr, /closed its connection/);
});

test('I11: a broker that hangs is killed by the watchdog; one that sends heartbeats is not', async (t) => {
  const { init, broker } = await readyInit(t, quickly({ options: ['--watchdog', '2000'] }));
  for (let at = 0; at < 6; at += 1) {
    await broker.send(encodeHeartbeat());
    await pause(400);
  }
  t.false(broker.isEnded);
  broker.command({ do: 'hang' });
  await (await init.broker(1)).hello();
  t.true(broker.isEnded);
  t.regex(init.stderr, /silent for 2000 ms/);
});

test('I11: time in which init itself did not run is not the broker’s silence', async (t) => {
  const { init, broker } = await readyInit(t, quickly({ options: ['--watchdog', '2000'] }));
  // As when the machine, or their container, is frozen: neither can do anything, and init is the first to go on.
  stopProcess(init.pid);
  stopProcess(broker.pid);
  await pause(3000);
  process.kill(init.pid, 'SIGCONT');
  await pause(200);
  process.kill(broker.pid, 'SIGCONT');
  await broker.send(encodeHeartbeat());
  await pause(200);
  t.false(broker.isEnded, init.stderr);
  stopProcess(broker.pid);
  await init.broker(1);
  t.regex(init.stderr, /silent for 2000 ms/);
});

test('I9: the delay before a restart doubles up to its maximum', async (t) => {
  const options = ['--restart-min', '20', '--restart-max', '100'];
  const init = await startInit({ options });
  t.teardown(() => init.stop());
  for (let at = 0; at < 5; at += 1) (await init.broker(at)).kill();
  await init.broker(5);
  const delays = [...init.stderr.matchAll(/again in (\d+) ms/g)].map((match) => Number(match[1]));
  t.deepEqual(delays, [20, 40, 80, 100, 100]);
});

test('I9: a broker that lived long enough is started again at once', async (t) => {
  const init = await startInit({ options: ['--restart-min', '5000', '--restart-reset', '1'] });
  t.teardown(() => init.stop());
  (await init.broker()).kill();
  await init.broker(1);
  t.regex(init.stderr, /killed by signal 9[\s\S]*again in 0 ms/);
});

test('I9: a start that fails is no life, however short a life may be', async (t) => {
  const init = await runInit(
    t,
    quickly({ options: ['--restart-reset', '0', '--restart-limit', '3'], script: 'rm "$0"' }),
  );
  t.deepEqual(await within('init gives up', init.ended), { status: 1, signal: null });
  const delays = [...init.stderr.matchAll(/again in (\d+) ms/g)].map((match) => Number(match[1]));
  t.deepEqual(delays, [0, 10, 20, 40]);
});

test('I9: after the limit of restarts init gives up and ends what runs', async (t) => {
  const { init, broker } = await readyInit(t, quickly({ options: ['--restart-limit', '2'] }));
  const service = await broker.started(shell(1, 'exec sleep 60'));
  for (let at = 0; at < 3; at += 1) (await init.broker(at)).kill();
  t.deepEqual(await within('init ends', init.ended), { status: 1, signal: null });
  t.throws(() => process.kill(service.pid, 0), { code: 'ESRCH' });
});

test('I12: a full store refuses by name, and a name that is there can still be replaced', async (t) => {
  const { broker } = await readyInit(t, quickly({ options: ['--descriptors', '2'] }));
  const file = await broker.open('/dev/null', 'r');
  for (const name of ['a', 'b', 'c', 'a']) await broker.send(encodeStore(name), [file]);
  t.like(await broker.next('refused'), { request: 'store', errno: 28, name: 'c' });
  await broker.send(encodeUnstore('b'));
  await broker.send(encodeStore('c'.repeat(1088)), [file]);
  await broker.send(encodeList());
  await broker.next('end');
  t.deepEqual(
    broker
      .of('descriptor')
      .map(({ name }) => name)
      .sort(),
    ['a', 'c'.repeat(1088)],
  );
  t.is(broker.of('refused').length, 1);
});

test('I12: a store beyond the limit of descriptors is refused, and services still start', async (t) => {
  const through = ['/bin/sh', '-c', 'ulimit -n 330; exec "$@"', 'sh'];
  const { broker } = await readyInit(t, quickly({ through }));
  const file = await broker.open('/dev/null', 'r');
  for (let at = 0; at < 20; at += 1) await broker.send(encodeStore(`d${at}`), [file]);
  t.like(await broker.next('refused'), { request: 'store', errno: 24, name: 'd13' });
  await broker.started(shell(1, 'exit 6', { uid: process.getuid?.() ?? 0 }));
  t.is((await broker.exit(1)).status, 6);
});
