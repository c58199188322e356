/** What nothing tells on datagrams: ends, credentials, full queues; and what is left on disk. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import { livenessProbeMs } from '../../broker/contract/limits.js';
import { createTime } from '../../broker/native/time.js';
import { createDatagramTransport, createSystem } from '../../transports/datagram/index.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import {
  addressOf,
  type DatagramWorld,
  listenAt,
  openDatagramWorld,
  sendBytes,
  socketsIn,
} from '../support/datagram-world.js';
import { eventually, turns, within } from '../support/eventually.js';
import { createExchange, ping, take } from '../support/exchange.js';
import { checkDescriptors, descriptorsSince, openDescriptors } from '../support/leaks.js';
import { createParts } from '../support/parts.js';
import { spawnPeerChild } from '../support/peer-child.js';

checkDescriptors(test);

const isRoot = process.getuid?.() === 0;

async function inWorld(
  t: { teardown(undo: () => void): void },
  ...change: Parameters<typeof openDatagramWorld>
): Promise<DatagramWorld> {
  const world = await openDatagramWorld(...change);
  t.teardown(() => world.close());
  return world;
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}

test.serial('D3 descriptors that come with a datagram are closed, and what it says is read', async (t) => {
  const world = await inWorld(t);
  const owner = await world.connect();
  const planted = join(world.directory, 'planted');
  writeFileSync(planted, 'planted');
  const program = [
    'import socket, sys',
    's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    'f = [open(sys.argv[1]) for _ in range(20)]',
    's.connect(sys.argv[2])',
    'socket.send_fds(s, [b"READY=1"], [each.fileno() for each in f])',
    'print("sent")',
  ].join('\n');
  for (const path of [addressOf(owner), world.path, addressOf({ peer: world.server.peer })]) {
    const run = spawnSync('python3', ['-c', program, planted, path], { encoding: 'utf8' });
    if (run.error !== undefined || run.stderr.includes('send_fds')) {
      t.log(`left out: there is no Python that can send descriptors (${run.error ?? run.stderr.trim()})`);
      t.pass();
      return;
    }
    t.is(run.stdout, 'sent\n', run.stderr);
    await ping(owner.root);
    t.false([...openDescriptors().values()].includes(planted));
  }
});

test.serial('D3 a flood at the door keeps newcomers out, and disturbs nobody who is in', async (t) => {
  const world = await inWorld(t);
  const [owner, caller] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, echo);
  const handle = await world.handleTo(owner, inbox.node, caller);
  const program = [
    'import socket, sys, time',
    's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    's.connect(sys.argv[1])',
    'print("ready", flush=True)',
    'end = time.monotonic() + 20',
    'while time.monotonic() < end: s.send(b"x" * 100)',
  ].join('\n');
  const flood = spawn('python3', ['-c', program, world.path], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise((resolve) => flood.once('close', resolve));
  t.teardown(() => ended);
  t.teardown(() => flood.kill('SIGKILL'));
  if (
    !(await new Promise((resolve) => flood.stdout.once('data', resolve).once('close', () => resolve(false))))
  ) {
    t.log('left out: there is no Python');
    t.pass();
    return;
  }
  for (let at = 0; at < 200; at += 1) {
    const { bytes } = await within('a call', handle.call({ bytes: bytesOf(`${at}`) }));
    t.is(textOf(bytes), `${at}`);
  }
});

test.serial('D3 the sockets of the dead are removed by the next, and those of the living stay', async (t) => {
  const world = await inWorld(t);
  const living = await world.connect();
  const dead = listenAt(join(world.place, '~dead0000000'));
  const other = join(world.place, 'somebody-elses');
  writeFileSync(other, '');
  // What a killed process leaves: a socket file without a socket.
  const child = spawnSync(
    process.execPath,
    [
      '-e',
      `const u=require(process.argv[1]).createSocket('unix_dgram');u.bind(process.argv[2]);process.kill(process.pid,'SIGKILL')`,
      join(process.cwd(), 'node_modules', 'unix-dgram'),
      join(world.place, '~killed00000'),
    ],
    { encoding: 'utf8' },
  );
  t.is(child.signal, 'SIGKILL', child.stderr);
  const beside = `${world.path}~killed00000`;
  spawnSync(process.execPath, [
    '-e',
    `const u=require(process.argv[1]).createSocket('unix_dgram');u.bind(process.argv[2]);process.kill(process.pid,'SIGKILL')`,
    join(process.cwd(), 'node_modules', 'unix-dgram'),
    beside,
  ]);
  t.true(socketsIn(world.place).includes('~killed00000') && existsSync(beside));
  const parts = createParts();
  const next = createDatagramTransport({ ...parts, directory: world.place });
  const { peer } = await next.connect({ path: world.path });
  t.deepEqual(
    socketsIn(world.place).sort(),
    [
      ...['somebody-elses', '~dead0000000'],
      ...[addressOf(living), addressOf({ peer })].map((path) => path.slice(world.place.length + 1)),
    ].sort(),
  );
  peer.close();
  world.server.close();
  const again = await next.serve({ path: world.path, root: () => () => undefined });
  t.false(existsSync(beside));
  again.close();
  dead.close();
  t.false(existsSync(world.path));
});

test.serial(
  'D3 a look is taken only where something depends on it, and costs nothing when nobody is there',
  async (t) => {
    let looks = 0;
    const world = await inWorld(t, {});
    const parts = createParts();
    const time = createTime();
    const right = createSystem();
    const system = {
      ...right,
      socketsMax: 32,
      probe: (path: string) => {
        looks += 1;
        return right.probe(path);
      },
    };
    const transport = createDatagramTransport({ ...parts, time, system, directory: world.place });
    const session = await transport.connect({ path: world.path });
    const before = looks;
    const descriptors = openDescriptors();
    await eventually('the server is looked at', () => looks > before);
    t.deepEqual(descriptorsSince(descriptors), [], 'a look needs no descriptor that may be missing');
    session.root.close();
    session.peer.close();
    const after = looks;
    await new Promise((resolve) => setTimeout(resolve, 1.5 * livenessProbeMs));
    t.is(looks, after);
  },
);

test.serial('D4 another user is nobody, and cannot reach what is private', async (t) => {
  if (!isRoot) {
    t.log('left out: only root can run a program as somebody else');
    t.pass();
    return;
  }
  const parts = createParts();
  const transport = createDatagramTransport(parts);
  const world = await inWorld(t);
  chmodSync(world.directory, 0o755);
  const uids: number[] = [];
  const path = join(world.directory, 'open');
  const server = await transport.serve({
    path,
    mode: 0o666,
    root: ({ peer }) => {
      const exchange = createExchange(peer);
      return ({ uid }) => {
        uids.push(uid);
        return exchange;
      };
    },
  });
  t.teardown(() => server.close());
  const child = await spawnPeerChild('datagram');
  t.teardown(() => child.kill());
  await child.ask('become', 65_534, 65_534);
  const refused = await t.throwsAsync(child.ask('connect', world.path));
  t.is(codeOf(refused), ErrorCode.PermissionDenied, 'the door of mode 0600');
  await child.ask('connect', path);
  t.deepEqual(uids, [0xffff_ffff]);
  await child.ask('node', 'far', 'echo');
  await child.ask('put', 'far');
  const near = await transport.connect({ path });
  const far = await take(near.root, 'far');
  t.is(textOf((await within('a call', far.call({ bytes: bytesOf('across') }))).bytes), 'across');
  near.peer.close();
});

test.serial('D4 root reaches the server of an ordinary user, who can answer', async (t) => {
  if (!isRoot) {
    t.log('left out: only root can run a program as somebody else');
    t.pass();
    return;
  }
  const world = await inWorld(t);
  const directory = join(world.directory, 'home');
  chmodSync(world.directory, 0o755);
  mkdirSync(directory, { mode: 0o777 });
  chmodSync(directory, 0o777);
  const child = await spawnPeerChild('datagram');
  t.teardown(() => child.kill());
  await child.ask('become', 65_534, 65_534);
  const path = join(directory, 'door');
  await child.ask('serve', path);
  t.is(statSync(path).uid, 65_534);
  const transport = createDatagramTransport(createParts());
  const { root, peer } = await transport.connect({ path });
  await within('a round trip', ping(root));
  t.is(statSync(addressOf({ peer })).uid, 65_534);
  t.is(statSync(addressOf({ peer })).mode & 0o777, 0o600);
  peer.close();
});

test.serial('D5 a peer ignores texts of the readiness protocol', async (t) => {
  const world = await inWorld(t);
  const [owner, sender] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, echo);
  const handle = await world.handleTo(owner, inbox.node, sender);
  for (const text of ['READY=1', 'STATUS=up\nWATCHDOG=1\n', '', 'X'.repeat(65_000), '\n'.repeat(66_000)]) {
    for (const path of [addressOf(owner), world.path]) t.is(sendBytes(path, bytesOf(text)), text.length);
    await within('a call', handle.call({ bytes: bytesOf('still there') }));
  }
  t.is(inbox.deliveries.length, 5);
  t.deepEqual(world.faults, []);
});

test.serial("D6 the manifest's depth is what the kernel takes", async (t) => {
  const world = await inWorld(t);
  const depth = world.transport.manifest.queueDepth ?? 0;
  t.is(depth, Number(readFileSync('/proc/sys/net/unix/max_dgram_qlen', 'utf8')) + 1);
  const child = await spawnPeerChild('datagram');
  t.teardown(() => child.kill());
  const path = join(world.directory, 'stopped');
  await child.ask('serve', path);
  child.stop();
  const code = (): number => sendBytes(path, bytesOf('x'));
  let taken = 0;
  while (taken < 1000 && code() === 1) taken += 1;
  t.is(taken, depth);
});

test.serial('D6 a peer with few sockets reaches many, one after the other', async (t) => {
  const world = await inWorld(t, { socketsMax: 2 });
  const sender = await world.connect();
  const owners = await Promise.all(Array.from({ length: 8 }, () => world.connect()));
  const handles = [];
  for (const owner of owners) {
    handles.push(await world.handleTo(owner, createCollector(owner.peer, echo).node, sender));
  }
  for (let round = 0; round < 3; round += 1) {
    const calls = handles.map((handle, at) => handle.call({ bytes: bytesOf(`${at}`) }));
    const answers = await within('the answers', Promise.all(calls));
    t.deepEqual(
      answers.map(({ bytes }) => textOf(bytes)),
      handles.map((_, at) => `${at}`),
    );
  }
});

test.serial(
  'D6 without a descriptor for a socket a send is refused, and worth another try later',
  async (t) => {
    let isShort = false;
    const right = createSystem();
    const world = await inWorld(t, {
      connectExactly: (path, writable) => (isShort ? -24 : right.connectExactly(path, writable)),
    });
    const [owner, sender] = [await world.connect(), await world.connect()];
    await Promise.all([ping(owner.root), ping(sender.root)]);
    const inbox = createCollector(owner.peer, echo);
    isShort = true;
    const handle = await world.handleTo(owner, inbox.node, sender);
    const refused = await t.throwsAsync(handle.send({ bytes: bytesOf('no') }));
    t.is(codeOf(refused), ErrorCode.OverQuota);
    isShort = false;
    await within('writable', handle.writable());
    await handle.send({ bytes: bytesOf('yes') });
    await inbox.delivery(0);
    t.deepEqual(inbox.texts, ['yes']);
  },
);

test.serial('C6 what waits when the peer is closed still arrives', async (t) => {
  const world = await inWorld(t);
  const child = await spawnPeerChild('datagram');
  t.teardown(() => child.kill());
  await child.ask('connect', world.path);
  await child.ask('node', 'slow', 'keep');
  await child.ask('put', 'slow');
  const sender = await world.connect();
  const slow = await take(sender.root, 'slow');
  child.stop();
  const count = 60;
  const sends = Array.from({ length: count }, (_, at) => slow.send({ bytes: bytesOf(`${at}`) }));
  sender.peer.close();
  await turns();
  child.resume();
  await within('all sends end', Promise.all(sends));
  await eventually(
    'all has arrived',
    async () => ((await child.ask('texts', 'slow')) as string[]).length === count,
  );
  t.deepEqual(
    await child.ask('texts', 'slow'),
    Array.from({ length: count }, (_, at) => `${at}`),
  );
});
